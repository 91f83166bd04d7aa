import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  type AllStreamRecordedEvent,
  binaryEvent,
  type EventStoreDBClient,
  jsonEvent,
  type Position,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { ALIVE, CAUGHT_UP, type LogAnswer } from '../../src/eventstoredb/wire/log-messages.ts';
import { subscribeToLog } from '../../src/eventstoredb/wire/log-subscription.ts';
import { connectThroughProxy } from '../support/proxied-client.ts';

const url = inject('eventStoreUrl');
let client: EventStoreDBClient;

beforeAll(() => {
  client = connectEventStore(url);
});

afterAll(() => client.dispose());

const newPrefix = () => `Log-${randomUUID()}-`;

/** Events up to the end of the log. */
async function readAll(prefixes: readonly string[], after?: Position): Promise<AllStreamRecordedEvent[]> {
  const events: AllStreamRecordedEvent[] = [];
  const call = await subscribeToLog(client, prefixes, after);
  call.on('error', () => undefined); // that it is cancelled
  for await (const answer of call as AsyncIterable<LogAnswer>) {
    if (answer === CAUGHT_UP) break;
    if (answer !== ALIVE) events.push(answer);
  }
  call.cancel();
  return events;
}

/** The same by the client's own subscription, which says only apart from its events that it has caught up. */
async function readByClient(prefixes: string[], count: number): Promise<AllStreamRecordedEvent[]> {
  const events: AllStreamRecordedEvent[] = [];
  const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes }) });
  for await (const { event } of subscription) {
    if (event) events.push(event);
    if (events.length === count) break;
  }
  await subscription.unsubscribe();
  return events;
}

describe('a subscription to the log', () => {
  it('brings the events that the client would bring, of the wanted streams, in their order', async () => {
    const [wanted, also, other] = [newPrefix(), newPrefix(), newPrefix()];
    const data = { text: 'a ü € 🍕 \u0000 \\ "', empty: '', nested: { list: [1, null, true] } };
    const events = [
      jsonEvent({ type: 'Tested', data, metadata: { actor: 'Ünal 🍕' } }),
      jsonEvent({ type: 'Tested', data: {} }),
      binaryEvent({ type: 'Raw', data: Buffer.from([0, 255, 1]), metadata: Buffer.from([7, 0]) }),
    ];
    await client.appendToStream(`${wanted}ä`, events);
    await client.appendToStream(`${other}1`, jsonEvent({ type: 'Unwanted', data: {} }));
    await client.appendToStream(`${also}1`, jsonEvent({ type: 'Last', data: [] }));
    const read = await readAll([wanted, also]);
    expect(read).toHaveLength(4);
    expect(read).toEqual(await readByClient([wanted, also], 4));
    expect(read.map(({ data: stored }) => stored)).toEqual([data, {}, new Uint8Array([0, 255, 1]), []]);
    const [first, ...rest] = read;
    expect(await readAll([wanted, also], first?.position)).toEqual(rest);
  });

  it('that asks for what is not there, says that this is the end', async () => {
    await client.appendToStream(`${newPrefix()}1`, jsonEvent({ type: 'Unwanted', data: {} }));
    expect(await readAll([newPrefix()])).toEqual([]);
  });

  it('is told when the connection breaks', async () => {
    const { client: other, proxy, close } = await connectThroughProxy(url);
    const call = await subscribeToLog(other, [newPrefix()], undefined);
    const failed = once(call, 'error');
    call.on('data', (answer: LogAnswer) => {
      if (answer === CAUGHT_UP) proxy.reset();
    });
    expect((await failed)[0]).toMatchObject({ code: 14 });
    await close();
  });
});
