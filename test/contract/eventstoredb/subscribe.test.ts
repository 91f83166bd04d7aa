import type { AllStreamResolvedEvent, Filter, Position, ResolvedEvent } from '@eventstore/db-client';
import {
  binaryEvent,
  END,
  eventTypeFilter,
  excludeSystemEvents,
  START,
  StreamDeletedError,
  streamNameFilter,
} from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { numberOf, record, testEvents, unique, until, useStore } from './support.ts';

const store = useStore();

describe('a catch-up subscription to a stream', () => {
  it('from the start, while events are appended, delivers each once and in order', async () => {
    const stream = unique('catchup');
    await store.client.appendToStream(stream, testEvents(300));
    const subscription = store.client.subscribeToStream(stream, { fromRevision: START });
    const recording = record<ResolvedEvent>(subscription);
    for (let round = 0; round < 20; round += 1) {
      await store.client.appendToStream(stream, testEvents(5, 'Tested', 300 + round * 5));
    }
    const events = await recording.first(400);
    expect(events.map(numberOf)).toEqual(Array.from({ length: 400 }, (_, index) => index));
    await subscription.unsubscribe();
    expect(recording.errors).toEqual([]);
  });

  it('from a revision, exclusive, delivers what follows it', async () => {
    const stream = unique('catchup');
    await store.client.appendToStream(stream, testEvents(5));
    const subscription = store.client.subscribeToStream(stream, { fromRevision: 2n });
    expect((await record<ResolvedEvent>(subscription).first(2)).map(numberOf)).toEqual([3, 4]);
    await subscription.unsubscribe();
  });

  it('from the end, confirmed, delivers what is appended afterwards only', async () => {
    const stream = unique('catchup');
    await store.client.appendToStream(stream, testEvents(5));
    const subscription = store.client.subscribeToStream(stream, { fromRevision: END });
    const confirmed = new Promise((resolve) => subscription.once('confirmation', resolve));
    const recording = record<ResolvedEvent>(subscription);
    await confirmed;
    expect(subscription.id).toMatch(/^[0-9a-f-]{36}$/u);
    await store.client.appendToStream(stream, testEvents(1, 'Tested', 5));
    expect((await recording.first(1)).map(numberOf)).toEqual([5]);
    await subscription.unsubscribe();
  });

  it('to a stream that does not exist, delivers once it does', async () => {
    const stream = unique('catchup');
    const subscription = store.client.subscribeToStream(stream);
    const recording = record<ResolvedEvent>(subscription);
    await store.client.appendToStream(stream, testEvents(2));
    expect((await recording.first(2)).map(numberOf)).toEqual([0, 1]);
    await subscription.unsubscribe();
  });

  it('to a stream that does not exist, has caught up after its first event only', async () => {
    const stream = unique('catchup');
    const subscription = store.client.subscribeToStream(stream);
    const seen: string[] = [];
    subscription.on('data', () => seen.push('event'));
    subscription.on('caughtUp', () => seen.push('caughtUp'));
    await new Promise((resolve) => subscription.once('confirmation', resolve));
    await store.client.appendToStream(stream, testEvents(2));
    await until('it has caught up', () => seen.includes('caughtUp'));
    expect(seen).toEqual(['event', 'event', 'caughtUp']);
    await subscription.unsubscribe();
  });

  it('whose events are truncated while it is live, delivers what is appended all the same', async () => {
    const stream = unique('catchup');
    await store.client.appendToStream(stream, testEvents(1));
    const subscription = store.client.subscribeToStream(stream);
    const recording = record<ResolvedEvent>(subscription);
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await store.client.setStreamMetadata(stream, { truncateBefore: 10 });
    await store.client.appendToStream(stream, testEvents(1, 'Tested', 1));
    expect((await recording.first(2)).map(numberOf)).toEqual([0, 1]);
    await subscription.unsubscribe();
  });

  it('to a tombstoned stream, ends with the stream-deleted error', async () => {
    const stream = unique('catchup');
    await store.client.tombstoneStream(stream);
    const recording = record(store.client.subscribeToStream(stream));
    const error = await until('it has failed', () => recording.errors[0]);
    expect(error).toBeInstanceOf(StreamDeletedError);
  });

  it('to a stream that is tombstoned meanwhile, delivers the tombstone and ends with the error', async () => {
    const stream = unique('catchup');
    await store.client.appendToStream(stream, testEvents(1));
    const subscription = store.client.subscribeToStream(stream);
    const caughtUp = new Promise((resolve) => subscription.once('caughtUp', resolve));
    const recording = record<ResolvedEvent>(subscription);
    await caughtUp;
    await store.client.tombstoneStream(stream);
    expect(await until('it has failed', () => recording.errors[0])).toBeInstanceOf(StreamDeletedError);
    expect(recording.events.map(({ event }) => event?.type)).toEqual(['Tested', '$streamDeleted']);
  });

  it('through links, resolved, delivers the events behind them', async () => {
    const stream = unique('catchup');
    const links = unique('links');
    await store.client.appendToStream(stream, testEvents(1, 'Linked', 42));
    const link = {
      id: crypto.randomUUID(),
      contentType: 'application/octet-stream',
      type: '$>',
      data: Buffer.from(`0@${stream}`),
    };
    await store.client.appendToStream(links, link as never);
    const subscription = store.client.subscribeToStream(links, { resolveLinkTos: true });
    const [event] = await record<ResolvedEvent>(subscription).first(1);
    expect(event?.event).toMatchObject({ streamId: stream, type: 'Linked' });
    expect(event?.link?.streamId).toBe(links);
    await subscription.unsubscribe();
  });

  it('through links that are none, resolved, delivers the older itself and the live one as a link', async () => {
    const links = unique('links');
    const link = () => binaryEvent({ type: '$>', data: Buffer.from('nowhere') });
    await store.client.appendToStream(links, link());
    const subscription = store.client.subscribeToStream(links, { resolveLinkTos: true });
    const recording = record<ResolvedEvent>(subscription);
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await store.client.appendToStream(links, link());
    const events = await recording.first(2);
    expect(events.map(({ event, link: via }) => [event?.revision, via?.revision])).toEqual([
      [0n, undefined],
      [undefined, 1n],
    ]);
    await subscription.unsubscribe();
  });

  it('a subscriber that does not read, beside one that does, holds nobody up', async () => {
    const stream = unique('catchup');
    const idle = store.client.subscribeToStream(stream);
    const busy = store.client.subscribeToStream(stream);
    const recording = record<ResolvedEvent>(busy);
    // EventStoreDB drops one that stays too slow, and says so; what it was not sent yet is still to be had.
    let dropped: Error | undefined;
    idle.on('error', (error: Error) => (dropped = error));
    const padding = 'x'.repeat(10_000);
    for (let round = 0; round < 50; round += 1) {
      const events = testEvents(20, 'Tested', round * 20).map((event) => ({ ...event, metadata: { padding } }));
      await store.client.appendToStream(stream, events);
      await recording.first(round * 20 + 20);
    }
    const events = await recording.first(1000);
    expect(events.map(numberOf)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    const late = record<ResolvedEvent>(idle);
    await until('all have come', () => late.events.length >= 1000 || dropped !== undefined);
    if (dropped) expect(dropped.message).toContain('Consumer too slow');
    else expect(late.events.map(numberOf)).toEqual(events.map(numberOf));
    await idle.unsubscribe();
    await busy.unsubscribe();
  });
});

describe('a catch-up subscription to $all', () => {
  it('from a position, exclusive, while others append, delivers each once and in order', async () => {
    const stream = unique('all');
    const { position } = await store.client.appendToStream(stream, testEvents(1));
    await store.client.appendToStream(stream, testEvents(200, 'Tested', 1));
    const subscription = store.client.subscribeToAll({ fromPosition: position as Position });
    const mine: number[] = [];
    const recording = record<AllStreamResolvedEvent>(subscription, (event) => {
      if (event.event?.streamId === stream) mine.push(numberOf(event));
    });
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        await store.client.appendToStream(unique('noise'), testEvents(3));
        await store.client.appendToStream(stream, testEvents(1, 'Late', 1000 + index));
      }),
    );
    await until('all have come', () => mine.length >= 210);
    expect(mine.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    const positions = recording.events.map(({ event }) => event?.position.commit ?? 0n);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => (a < b ? -1 : 1)));
    await subscription.unsubscribe();
  });

  const prefix = unique('filtered');
  const filters: [string, Filter][] = [
    ['stream name prefixes', streamNameFilter({ prefixes: [`${prefix}-a`, `${prefix}-b`] })],
    ['a stream name expression', streamNameFilter({ regex: `^${prefix}-[ab]` })],
    ['event type prefixes', eventTypeFilter({ prefixes: [`${prefix}-Wanted`] })],
    ['an event type expression', eventTypeFilter({ regex: `^${prefix}-Want.*$` })],
  ];
  it.each(filters)('filtered by %s, delivers exactly what matches, caught up and live', async (_case, filter) => {
    const start = await store.client.appendToStream(unique('other'), testEvents(1));
    const append = async (round: number): Promise<void> => {
      await store.client.appendToStream(`${prefix}-a`, testEvents(1, `${prefix}-Wanted`, round));
      await store.client.appendToStream(`${prefix}-c`, testEvents(1, 'Unwanted', round));
      await store.client.appendToStream(`${prefix}-b`, testEvents(1, `${prefix}-Wanted`, round + 1));
      await store.client.appendToStream(unique('other'), testEvents(1, 'Unwanted', round));
    };
    await append(0);
    const subscription = store.client.subscribeToAll({ fromPosition: start.position as Position, filter });
    const recording = record<AllStreamResolvedEvent>(subscription);
    await recording.first(2);
    await append(2);
    const events = await recording.first(4);
    expect(events.map(numberOf)).toEqual([0, 1, 2, 3]);
    await subscription.unsubscribe();
  });

  it('from beyond the end of the log, delivers what is appended from then on', async () => {
    const stream = unique('all');
    const far = 10n ** 12n;
    const subscription = store.client.subscribeToAll({ fromPosition: { commit: far, prepare: far } });
    const recording = record<AllStreamResolvedEvent>(subscription);
    await new Promise((resolve) => subscription.once('caughtUp', resolve));
    await store.client.appendToStream(stream, testEvents(1));
    await until('it has come', () => recording.events.some(({ event }) => event?.streamId === stream));
    await subscription.unsubscribe();
  });

  it.each([
    ['that is the start of no record', 1n, 1n],
    ['whose prepare position is after its commit position', 0n, 1n],
  ])('from a position %s, is refused', async (_what, commit, prepare) => {
    const { position } = await store.client.appendToStream(unique('all'), testEvents(1));
    const at = position?.commit ?? 0n;
    await store.client.appendToStream(unique('all'), testEvents(1));
    const fromPosition = { commit: at + commit, prepare: at + prepare };
    const recording = record(store.client.subscribeToAll({ fromPosition }));
    expect(await until('it has failed', () => recording.errors[0])).toMatchObject({ code: 2 });
  });

  it('filtered, with few matches, reports checkpoints that rise', async () => {
    const wanted = unique('rare');
    const start = await store.client.appendToStream(unique('other'), testEvents(1));
    for (let round = 0; round < 10; round += 1) await store.client.appendToStream(unique('other'), testEvents(20));
    const checkpoints: bigint[] = [];
    const subscription = store.client.subscribeToAll({
      fromPosition: start.position as Position,
      filter: streamNameFilter({
        prefixes: [wanted],
        maxSearchWindow: 10,
        checkpointInterval: 2,
        checkpointReached: (_subscription, position) => void checkpoints.push(position.commit),
      }),
    });
    const recording = record<AllStreamResolvedEvent>(subscription);
    await until('checkpoints came', () => checkpoints.length >= 5);
    expect(checkpoints).toEqual([...new Set(checkpoints)].sort((a, b) => (a < b ? -1 : 1)));
    const behind = checkpoints.length;
    await store.client.appendToStream(wanted, testEvents(1));
    await recording.first(1);
    for (let round = 0; round < 5; round += 1) await store.client.appendToStream(unique('other'), testEvents(20));
    await until('checkpoints come live', () => checkpoints.length > behind);
    expect(recording.events).toHaveLength(1);
    await subscription.unsubscribe();
  });

  it('from the end, without system events, delivers the next event that is none', async () => {
    const subscription = store.client.subscribeToAll({ fromPosition: END, filter: excludeSystemEvents() });
    const confirmed = new Promise((resolve) => subscription.once('confirmation', resolve));
    const recording = record<AllStreamResolvedEvent>(subscription);
    await confirmed;
    const stream = unique('all');
    await store.client.setStreamMetadata(stream, { maxCount: 10 });
    await store.client.appendToStream(stream, testEvents(1));
    await until('it has come', () => recording.events.some(({ event }) => event?.streamId === stream));
    expect(recording.events.every(({ event }) => event?.type.startsWith('$') === false)).toBe(true);
    await subscription.unsubscribe();
  });

  it('a filter that is no regular expression is refused', async () => {
    const recording = record(store.client.subscribeToAll({ filter: streamNameFilter({ regex: '(' }) }));
    expect(await until('it has failed', () => recording.errors[0])).toBeInstanceOf(Error);
  });
});
