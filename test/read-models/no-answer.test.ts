import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isUnavailable as isEventStoreUnavailable } from '../../src/eventstoredb/errors.ts';
import { createProjectionAdmin } from '../../src/read-models/admin.ts';
import { isUnavailable as isMongoUnavailable } from '../../src/read-models/errors.ts';
import { carryOverMenu } from '../../src/read-models/menu/carry-over.ts';
import { logMarks } from '../../src/read-models/rebuild/log-mark.ts';
import { prepareReadModels } from '../../src/read-models/rebuild/prepare.ts';
import { createRebuilds } from '../../src/read-models/rebuild/rebuild.ts';
import { besides, caughtUp, placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';

/** Instead of half a minute and more; on a slow machine others are hit as well, which ends the same way. */
const SHORT_MS = 150;
const limits = vi.hoisted(() => ({ longestMs: Number.POSITIVE_INFINITY }));
vi.mock(import('../../src/time-limit.ts'), async (load) => {
  const actual = await load();
  const settleWithin: typeof actual.settleWithin = (ms, ...rest) =>
    actual.settleWithin(Math.min(ms, limits.longestMs), ...rest);
  return { ...actual, settleWithin };
});

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
  await placeOrder(service);
  await service.put('/customers/ada', { name: 'Ada', email: 'ada@example.com' });
  await service.put('/menu/funghi', { name: 'Funghi', category: 'Classic', price: '9.00' });
  await caughtUp(service);
});
afterAll(() => service.close());

const noAnswer = () => new Promise(() => undefined);

const CHAINED: ReadonlySet<unknown> = new Set(['collection', 'find', 'sort', 'limit', 'project', 'batchSize', 'hint']);

/**
 * A database of which one call is never answered: the driver waits for ever on a socket that was destroyed.
 *
 * @param silent `collection.method` of that call
 * @param onCall is told of each call
 */
function silentAt<Part extends object>(
  part: Part,
  silent: string | undefined,
  onCall: (call: string) => void,
  path: string,
): Part {
  return new Proxy(part, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...parameters: unknown[]): unknown => {
        const call = () => Reflect.apply(value, target, parameters) as unknown;
        if (CHAINED.has(key)) {
          const name = key === 'collection' ? String(parameters[0]) : path;
          return silentAt(call() as object, silent, onCall, name);
        }
        const name = `${path}.${String(key)}`;
        onCall(name);
        if (name !== silent) return call();
        return key === Symbol.asyncIterator ? { next: noAnswer } : noAnswer();
      };
    },
  });
}

type Context = ReturnType<typeof besides>['context'];
interface Work {
  readonly arrange?: (db: Db) => Promise<unknown>;
  readonly act: (context: Context) => Promise<unknown>;
}

const prepare = (context: Context) => {
  const { models } = besides(service);
  return prepareReadModels(context, models, createRebuilds(context, models), new AbortController().signal);
};
const verify = (name: string) => (context: Context) =>
  createProjectionAdmin({ ...besides(service), context, rebuilds: createRebuilds(context, []) }).verify(name, {
    repair: true,
    settleMs: 0,
  });
const markOfAnotherLog = (db: Db) => {
  const stream = `${service.config.streamPrefix}order-${randomUUID()}`;
  const mark = { stream, revision: 0, eventId: randomUUID(), created: new Date(), position: 0 };
  return logMarks(db).replaceOne({ _id: 'log' }, mark, { upsert: true });
};

test.each<[string, Work]>([
  ['building read models', { arrange: (db) => db.dropDatabase(), act: prepare }],
  ['building those of another log anew', { arrange: markOfAnotherLog, act: prepare }],
  [
    'a rebuild',
    {
      async act(context) {
        const { finished } = await createRebuilds(context, besides(service).models).start('orders');
        await finished;
      },
    },
  ],
  ['a verification of orders', { arrange: (db) => db.collection('orders').deleteMany({}), act: verify('orders') }],
  ['a verification of the audit trail', { act: verify('audit') }],
  [
    'a verification of figures',
    { arrange: (db) => db.collection('order_days').deleteMany({}), act: verify('analytics') },
  ],
  [
    'carrying over the old menu',
    {
      arrange: (db) => db.collection('menu').insertOne({ name: 'Marinara', priceMinor: 800 }),
      act: (context) => carryOverMenu(context, () => Promise.resolve()),
    },
  ],
])('%s ends as an outage, whichever call MongoDB never answers', async (_, { arrange, act }) => {
  const calls = new Set<string>();
  const run = async (silent?: string) => {
    const { context } = besides(service);
    const db = service.mongo.db(`${service.config.mongoDatabase}_${randomUUID().slice(0, 8)}`);
    try {
      await prepare({ ...context, db });
      await arrange?.(db);
      if (silent !== undefined) limits.longestMs = SHORT_MS;
      await act({ ...context, db: silentAt(db, silent, (call) => calls.add(call), 'db') });
    } finally {
      limits.longestMs = Number.POSITIVE_INFINITY;
      await db.dropDatabase();
    }
  };
  await run();
  expect(calls.size).toBeGreaterThan(1);
  for (const call of [...calls]) {
    await expect(run(call), call).rejects.toSatisfy(
      (error) => isMongoUnavailable(error) || isEventStoreUnavailable(error),
    );
  }
});
