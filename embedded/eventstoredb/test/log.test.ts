import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreFile } from '@marios-pizzeria/embedded-host';
import { openStoreFile } from '@marios-pizzeria/embedded-host';
import type { NewEvent } from '../src/log/events.ts';
import { jsonEvent } from '../src/log/events.ts';
import type { EventLog } from '../src/log/log.ts';
import { createEventLog } from '../src/log/log.ts';
import { APPLICATION_ID, SCHEMA } from '../src/log/schema.ts';

let dir: string;
let file: StoreFile;
let log: EventLog;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eventlog-'));
  open();
});

afterEach(() => {
  file.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(): void {
  file = openStoreFile(join(dir, 'log.sqlite'), APPLICATION_ID, SCHEMA);
  log = createEventLog(file.db, Date.now, randomUUID, (error) => error);
}

const events = (count: number): NewEvent[] => Array.from({ length: count }, () => jsonEvent(randomUUID(), 'T', {}));
const append = (stream: string, count = 1) => log.append({ stream, expected: 'any', events: events(count) });
const all = () => log.readAll({ from: 0, limit: 1000, backwards: false }).events;

describe('the event log', () => {
  it('appends of one turn, made together, are one transaction and see each other', async () => {
    const outcomes = await Promise.all([
      log.append({ stream: 's', expected: 'no_stream', events: events(2) }),
      log.append({ stream: 's', expected: 1, events: events(1) }),
      log.append({ stream: 's', expected: 1, events: events(1) }),
    ]);
    expect(outcomes).toEqual([
      { kind: 'appended', revision: 1, position: 1 },
      { kind: 'appended', revision: 2, position: 2 },
      { kind: 'wrong', current: 2 },
    ]);
  });

  it('an append, not yet committed, is not read', async () => {
    const appended = append('s');
    expect(log.readStream('s', { from: 0, limit: 10, backwards: false }).kind).toBe('missing');
    await appended;
    expect(log.readStream('s', { from: 0, limit: 10, backwards: false }).kind).toBe('page');
  });

  it('a commit that fails takes back everything that was remembered of it', async () => {
    await append('s', 2);
    file.db.exec(
      `CREATE TRIGGER fail BEFORE INSERT ON events WHEN new.type = 'Bad' BEGIN SELECT RAISE(ABORT, 'disk'); END`,
    );
    const bad = { ...jsonEvent(randomUUID(), 'Bad', {}) };
    const attempts = await Promise.allSettled([
      append('s', 3),
      append('fresh', 1),
      log.append({ stream: 's', expected: 'any', events: [bad] }),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(all()).toHaveLength(2);
    expect(await append('s')).toEqual({ kind: 'appended', revision: 2, position: 2 });
    expect(await append('fresh')).toMatchObject({ revision: 0 });
    expect(all().map(({ position }) => position)).toEqual([0, 1, 2, 3]);
  });

  it('an append that has waited too long is not written', async () => {
    const outcome = await log.append({ stream: 's', expected: 'any', events: events(1), expiresAt: Date.now() - 1 });
    expect(outcome).toEqual({ kind: 'expired' });
    expect(all()).toEqual([]);
  });

  it('those who watch a stream are woken by appends to it only; those who watch all, by any', async () => {
    const woken: string[] = [];
    const end = log.watch('a', () => woken.push('a'));
    log.watch(undefined, () => woken.push('all'));
    await append('b');
    expect(woken).toEqual(['all']);
    await append('a');
    expect(woken).toEqual(['all', 'all', 'a']);
    end();
    await append('a');
    expect(woken).toEqual(['all', 'all', 'a', 'all']);
  });

  it('large events, read, come in pages of a bounded size', async () => {
    const large = { ...jsonEvent(randomUUID(), 'T', {}), data: Buffer.alloc(600_000) };
    for (let round = 0; round < 30; round += 1) {
      await log.append({ stream: 's', expected: 'any', events: [{ ...large, id: randomUUID() }] });
    }
    const sizes: number[] = [];
    for (let from = 0, atEnd = false; !atEnd;) {
      const page = log.readAll({ from, limit: 100, backwards: false });
      sizes.push(page.events.length);
      ({ next: from, atEnd } = page);
    }
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(30);
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(4);
    const backwards = log.readStream('s', { from: 29, limit: 100, backwards: true });
    expect(backwards).toMatchObject({ next: 25, atEnd: false });
  });

  it('reopened, everything, is as it was', async () => {
    await append('s', 3);
    await log.remove('s', 'any', 'soft');
    await append('t', 1);
    await log.remove('t', 'any', 'tombstone');
    const before = all();
    file.close();
    open();
    expect(all()).toEqual(before);
    expect(log.readStream('s', { from: 0, limit: 10, backwards: false }).kind).toBe('missing');
    expect(log.readStream('t', { from: 0, limit: 10, backwards: false }).kind).toBe('deleted');
    expect(await append('s')).toMatchObject({ revision: 3 });
    expect(await append('t')).toEqual({ kind: 'deleted' });
  });

  it.each([
    ['data', `UPDATE events SET data = x'7b7d20' WHERE position = 1`],
    ['a type', `UPDATE events SET type = 'Other' WHERE position = 1`],
    ['a missing event', 'DELETE FROM events WHERE position = 1'],
  ])('damage to %s, met, is an error and never an event', async (_what, damage) => {
    await append('s', 3);
    file.db.exec(damage);
    expect(() => all()).toThrow(/checksum|gap/u);
    expect(() => log.readStream('s', { from: 0, limit: 10, backwards: false })).toThrow(/checksum|gap/u);
  });
});
