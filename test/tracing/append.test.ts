import { randomBytes, randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import type * as wire from '../../src/eventstoredb/wire/append.ts';
import { inTrace } from '../../src/tracing/trace.ts';
import { recordTracing } from '../support/tracing.ts';

/** What was sent, as JSON. */
const sent = vi.hoisted(() => [] as string[]);

// The first of two is sent and never answered.
vi.mock('../../src/eventstoredb/wire/append.ts', async (original) => {
  const actual = await original<typeof wire>();
  return {
    ...actual,
    createBatchAppend(client: EventStoreDBClient): wire.BatchAppend {
      const append = actual.createBatchAppend(client);
      return async (...request) => {
        sent.push(JSON.stringify(request));
        const answer = await append(...request);
        return sent.length % 2 === 1 ? new Promise<number>(() => undefined) : answer;
      };
    },
  };
});

let client: EventStoreDBClient;
beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
});
afterAll(() => client.dispose());

test('an append without an answer is sent again byte for byte, with the context of the first attempt, in one span', async () => {
  const tracing = recordTracing();
  const streamPrefix = `t${randomBytes(6).toString('hex')}-`;
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 20_000 });
  const customerId = randomUUID();
  const data = { customerId, name: 'Ada', email: 'ada@example.com', registeredAt: '2030-01-01T12:00:00.000Z' };
  const appended = await inTrace(tracing, 'command place', {}, async (trace) => {
    const command = { commandId: randomUUID(), correlationId: 'c', actor: 'a', trace };
    const answer = await streams.append(
      streams.streamOf('Customer', customerId),
      -1,
      [{ type: 'CustomerRegistered', data }],
      command,
    );
    return { ...answer, traceparent: trace?.traceparent };
  });
  await tracing.close();
  expect(appended.revision).toBe(0);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toBe(sent[0]);
  expect(sent[0]).toContain(`\\"traceparent\\":\\"${appended.traceparent ?? ''}\\"`);
  const appends = tracing.spans.filter(({ name }) => name === 'append Customer');
  expect(appends).toHaveLength(1);
  expect(appends[0]?.events).toMatchObject([{ name: 'sent again', attributes: { 'pizzeria.reason': 'no answer' } }]);
  const stored = await streams.readRecorded(streams.streamOf('Customer', customerId));
  expect(stored.map(({ metadata }) => metadata)).toMatchObject([{ traceparent: appended.traceparent }]);
});
