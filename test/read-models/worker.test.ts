import { randomBytes, randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Db, MongoClient } from 'mongodb';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { createStreamStore } from '../../src/eventstoredb/streams.ts';
import { connectMongo, readModelStates } from '../../src/read-models/database.ts';
import { type Database, openDatabase } from '../../src/read-models/collections.ts';
import { DOCUMENTS_PER_WRITE } from '../../src/read-models/batches.ts';
import { READ_MODELS } from '../../src/read-models/index.ts';
import { startWorker } from '../../src/read-models/live/worker.ts';
import { withAuditInserts } from '../support/audit-inserts.ts';
import { groupName } from '../support/group.ts';
import { until } from '../support/until.ts';

const CHANGES = 2999;
const MOST_AT_ONCE = 3;

const name = `worker${randomBytes(6).toString('hex')}`;
const group = groupName(name, `${name}-`);
let client: EventStoreDBClient;
let mongo: MongoClient;

beforeAll(() => {
  client = connectEventStore(inject('eventStoreUrl'));
  mongo = connectMongo(inject('mongoUrl'));
});
afterAll(async () => {
  await client.deletePersistentSubscriptionToAll(group);
  await client.dispose();
  await mongo.db(name).dropDatabase();
  await mongo.close();
});

test('a batch that is more than MongoDB can take at once, is tried again with half as many, until all is projected', async () => {
  const log = pino({ level: 'silent' });
  const streamPrefix = `${name}-`;
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: 20_000 });
  const order = orderWith(CHANGES);
  await streams.append(streams.streamOf('PizzaOrder', order.state.id), -1, order.uncommittedEvents, {
    commandId: randomUUID(),
    correlationId: randomUUID(),
    actor: 'test',
  });
  const database = openDatabase(mongo, name);
  const refused: number[] = [];
  const worker = startWorker({
    context: { client, streams, db: overloadable(database, refused), streamPrefix, log },
    models: READ_MODELS,
    group: name,
    prepare: () => sayThatTheyAreThere(database.db),
    pressure: { isHigh: () => false },
  });
  try {
    await until('all is projected', () => worker.status().projected >= CHANGES + 1);
    expect(refused.length).toBeGreaterThan(0);
    expect(worker.status().parked).toBe(0);
    expect(await database.audit.countDocuments({})).toBe(CHANGES + 1);
    expect((await database.orders.findOne({ _id: order.state.id }))?.revision).toBe(CHANGES);
  } finally {
    await worker.stop();
  }
});

/** As if they had been built, of nothing. */
async function sayThatTheyAreThere(db: Db): Promise<void> {
  const builtAt = new Date();
  for (const { name: _id, version } of READ_MODELS) {
    await readModelStates(db).updateOne({ _id }, { $set: { version, builtAt } }, { upsert: true });
  }
}

function orderWith(changes: number): PizzaOrder {
  const items = [{ name: 'Margherita', quantity: 1, unitPrice: '10.00' }];
  const time = '2030-01-01T12:00:00.000Z';
  const order = PizzaOrder.place({ orderId: randomUUID(), customerId: 'ada', items, currency: 'USD' }, time);
  for (let change = 0; change < changes; change += 1) {
    order.changeStatus({ status: change % 2 === 0 ? 'COOKING' : 'READY' }, time, randomUUID());
  }
  return order;
}

/** A database whose audit refuses more than so many writes at the same time, from when there are many on. */
function overloadable({ db, audit }: Database, refused: number[]): Db {
  let atWork = 0;
  const haveArrived = once(() =>
    until('most have been delivered', async () => {
      const { stats } = await client.getPersistentSubscriptionToAllInfo(group);
      return stats.totalInFlightMessages > CHANGES - DOCUMENTS_PER_WRITE;
    }),
  );
  const insertMany: typeof audit.insertMany = async (documents, options) => {
    atWork += 1;
    try {
      await haveArrived();
      if (atWork > MOST_AT_ONCE) {
        refused.push(documents.length);
        throw new Error(`more than ${MOST_AT_ONCE * DOCUMENTS_PER_WRITE} documents at once`);
      }
      return await audit.insertMany(documents, options);
    } finally {
      atWork -= 1;
    }
  };
  return withAuditInserts(db, insertMany);
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= run());
}
