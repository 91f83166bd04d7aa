import { randomUUID } from 'node:crypto';
import { jsonEvent, persistentSubscriptionToStreamSettingsFromDefaults } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, isEmbedded, testEvents, unique, useStore } from './support.ts';

const store = useStore();

const NAMES = [
  ['NUL', 'a\0b'],
  ['the signs that could stand for NUL', '\x01\x02\x01'],
  ['a line feed', 'a\nb'],
  ['control characters', '\x7f\u0085\t'],
  ['a byte order mark first', '\ufeffa'],
  ['no character', 'a\uffff'],
  ['a pair of surrogates', '🍕'],
  ['70,000 characters', 'long'.repeat(17_500)],
] as const;

describe('a name', () => {
  it.each(NAMES)('of a stream and a type, with %s, is read as it was appended', async (_what, name) => {
    const stream = `${name}${unique('names')}`;
    await store.client.appendToStream(stream, testEvents(2, name));
    if (isEmbedded) await store.restart();
    await store.client.appendToStream(stream, testEvents(1, name), { expectedRevision: 1n });
    const events = await collect(store.client.readStream(stream));
    expect(events.map(({ event }) => [event?.streamId, event?.type])).toEqual(Array(3).fill([stream, name]));
  });

  it('that is no text, half a pair of surrogates, is kept as the replacement character', async () => {
    const stream = unique('names');
    await store.client.appendToStream(`\ud800${stream}`, testEvents(1));
    const [read] = await collect(store.client.readStream(`\ufffd${stream}`));
    expect(read?.event?.streamId).toBe(`\ufffd${stream}`);
  });

  it('of a group, with NUL and colons, is taken and given back', async () => {
    const stream = unique('names');
    const group = `a::b\0${randomUUID()}`;
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    await store.client.createPersistentSubscriptionToStream(stream, group, settings);
    if (isEmbedded) await store.restart();
    const info = await store.client.getPersistentSubscriptionToStreamInfo(stream, group);
    expect(info).toMatchObject({ eventSource: stream, groupName: group });
  });
});

/** The client sends an append with credentials of its own as a call of its own, others through one shared stream. */
const WAYS = [
  ['batch', {}],
  ['unary', { credentials: { username: 'admin', password: 'changeit' } }],
] as const;

describe.each(WAYS)('what EventStoreDB does not take (%s)', (_way, options) => {
  it.each([
    ['without a type', { type: '' }],
    ['whose id is the zero UUID', { id: '00000000-0000-0000-0000-000000000000' }],
    ['whose id is no UUID', { id: 'not-a-uuid' }],
  ])('an event %s, is refused with all of its append', async (_what, wrong) => {
    const stream = unique('refused');
    const bad = { ...jsonEvent({ type: 'Tested', data: {} }), ...wrong };
    expect(await failureOf(store.client.appendToStream(stream, [...testEvents(1), bad], options))).toBeInstanceOf(
      Error,
    );
    await expect(collect(store.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' });
  });

  it('a stream without a name is refused', async () => {
    expect(await failureOf(store.client.appendToStream('', testEvents(1), options))).toBeInstanceOf(Error);
  });

  // A real server of this version ends itself when it has to index the first.
  it.runIf(isEmbedded)('the metadata of no stream, or of metadata, is refused', async () => {
    for (const stream of ['$$', '$$$$a']) {
      expect(await failureOf(store.client.appendToStream(stream, testEvents(1), options))).toBeInstanceOf(Error);
    }
  });
});
