import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLog } from '../src/log.ts';
import { until } from './support/until.ts';

let folder: string;
let file: string;
let fd: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pizzeria-log-'));
  file = join(folder, 'log');
  fd = openSync(file, 'w'); // left open: a log writes to it as long as the process lives
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the log', () => {
  test('a line, written to a file, is JSON and is there soon', async () => {
    const log = await createLog('info', Object.assign(new PassThrough(), { fd, isTTY: false }));
    log.info({ orderId: '1' }, 'command done');
    const line = await until('the line is written', () => readFileSync(file, 'utf8') || undefined);
    expect(JSON.parse(line ?? '')).toMatchObject({ level: 30, orderId: '1', msg: 'command done' });
  });

  test('a line, written to a terminal, is readable', async () => {
    const terminal = Object.assign(new PassThrough(), { fd, isTTY: true });
    let shown = '';
    terminal.setEncoding('utf8').on('data', (text: string) => (shown += text));
    const log = await createLog('info', terminal);
    log.info({ orderId: '1' }, 'command done');
    await until('the line is shown', () => shown.includes('orderId') || undefined);
    expect(shown).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] .*INFO.*: .*command done/);
    expect(shown).not.toContain('{');
  });
});
