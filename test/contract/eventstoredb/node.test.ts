import { EventStoreDBClient } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, isEmbedded, testEvents, unique, useStore } from './support.ts';

const store = useStore();

describe('the node', () => {
  it('found by gossip, one member, serves as the leader', async () => {
    const endpoint = store.url.replace(/^esdb:\/\//u, '').replace(/\/?\?.*$/u, '');
    const [address = '', port = ''] = endpoint.split(':');
    const client = new EventStoreDBClient(
      { endpoints: [{ address, port: Number(port) }], nodePreference: 'leader' } as never,
      { insecure: true },
    );
    const stream = unique('gossip');
    await client.appendToStream(stream, testEvents(1));
    expect(await collect(client.readStream(stream))).toHaveLength(1);
    await client.dispose();
  });

  it('credentials, any, are taken by an insecure node', async () => {
    const credentials = { username: 'nobody', password: 'wrong' };
    const result = await store.client.appendToStream(unique('node'), testEvents(1), { credentials });
    expect(result.success).toBe(true);
  });

  it.runIf(isEmbedded)('a projection, asked for, is refused as not implemented', async () => {
    const error = await failureOf(store.client.createProjection(unique('projection'), 'fromAll()'));
    expect(error).toMatchObject({ code: 12 });
  });

  it.runIf(isEmbedded)('what was appended, restarted, is there and goes on at its revision', async () => {
    const stream = unique('node');
    const { position } = await store.client.appendToStream(stream, testEvents(2));
    await store.restart();
    const { nextExpectedRevision, position: later } = await store.client.appendToStream(stream, testEvents(1), {
      expectedRevision: 1n,
    });
    expect(nextExpectedRevision).toBe(2n);
    expect(later?.commit).toBeGreaterThan(position?.commit ?? 0n);
    expect(await collect(store.client.readStream(stream))).toHaveLength(3);
  });

  it.runIf(isEmbedded)('stopped with a subscription open, cancels it', async () => {
    const client = EventStoreDBClient.connectionString(store.url);
    const subscription = client.subscribeToStream(unique('node'));
    const failed = new Promise((resolve) => subscription.on('error', resolve));
    await new Promise((resolve) => subscription.once('confirmation', resolve));
    subscription.resume();
    await store.restart();
    expect(await failed).toMatchObject({ type: 'cancelled' });
    await client.dispose();
  });
});
