import { setTimeout as delay } from 'node:timers/promises';
import type { Db } from 'mongodb';
import { expect, test } from 'vitest';
import type { AuditDocument } from '../../src/read-models/audit/document.ts';
import { startWorker } from '../../src/read-models/live/worker.ts';
import { withAuditInserts } from '../support/audit-inserts.ts';
import { groupName } from '../support/group.ts';
import { besides, caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService } from '../support/service.ts';
import { until } from '../support/until.ts';

/** A database that doesn't take the first entries of the audit trail, a moment after it was asked. */
function failingOnce(db: Db): Db {
  let failures = 0;
  const audit = db.collection<AuditDocument>('audit');
  const insertMany: typeof audit.insertMany = async (...given) => {
    if (failures > 0) return audit.insertMany(...given);
    failures += 1;
    await delay(100);
    throw new Error('the disk is full');
  };
  return withAuditInserts(db, insertMany);
}

/** More than the group needs in order to move its checkpoint. */
const ORDERS = 12;

test.each([
  ['are projected when it is consumed again', false, false],
  ['are so when another read model was built anew meanwhile, from a log that has them', true, false],
  ['are so though MongoDB fails in the midst of it', false, true],
])('events that the group takes for done, and nobody has projected, %s', async (_, isRebuilt, isFailing) => {
  const service = await startTestService();
  const { context, models, group, database, rebuilds } = besides(service);
  const name = groupName(service.config.consumerGroup, service.config.streamPrefix);
  await placeOrder(service);
  await caughtUp(service);
  await service.service.worker.stop();
  const ids = await Promise.all(Array.from({ length: ORDERS }, () => placeOrder(service)));

  // As EventStoreDB passes over them when it is restarted; here, somebody else acknowledges them.
  const other = service.eventStore.subscribeToPersistentSubscriptionToAll(name);
  other.on('data', (event) => void other.ack(event));
  await until('the checkpoint is past them', async () => {
    const { stats } = await service.eventStore.getPersistentSubscriptionToAllInfo(name);
    const [known, checkpoint] = [stats.lastKnownEventPosition, stats.lastCheckpointedEventPosition];
    return stats.totalInFlightMessages === 0 && known && checkpoint && checkpoint.commit >= known.commit;
  });
  await other.unsubscribe();
  if (isRebuilt) await (await rebuilds.start('audit')).finished;
  expect(await database.orders.countDocuments({ _id: { $in: ids } })).toBe(0);

  const prepare = () => Promise.resolve();
  const db = isFailing ? failingOnce(context.db) : context.db;
  const worker = startWorker({
    context: { ...context, db },
    models,
    group,
    prepare,
    pressure: { isHigh: () => false },
  });
  try {
    await until('they are projected', async () => {
      return (await database.orders.countDocuments({ _id: { $in: ids }, revision: 0 })) === ORDERS;
    });
    await until('all are in the audit trail', async () => {
      return (await database.audit.countDocuments({ orderId: { $in: ids } })) === ORDERS;
    });
    expect(worker.status().parked).toBe(0);
  } finally {
    await worker.stop();
    await service.close();
  }
});

test('a worker that is stopped at any moment of its start, looking for such events or before, ends', async () => {
  const service = await startTestService();
  const { context, models, group } = besides(service);
  await service.service.worker.stop();
  const prepare = () => Promise.resolve();
  for (let afterMs = 0; afterMs < 60; afterMs += 2) {
    const worker = startWorker({ context, models, group, prepare, pressure: { isHigh: () => false } });
    await delay(afterMs);
    await worker.stop();
    expect(worker.status().state).toBe('stopped');
  }
  await service.close();
});
