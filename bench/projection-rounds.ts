import { readFileSync } from 'node:fs';
import { fill } from './fill.ts';
import type { LogJob } from './log-reader.ts';
import { eventually, startProcess } from './processes.ts';
import type { Progress } from './progress.ts';
import type { Results } from './results.ts';
import { openStores, type Stores } from './stores.ts';
import { CORES, startService, type Subject } from './subjects.ts';

export interface ProjectionRoundsOptions {
  readonly dir: string;
  readonly orders: number;
  readonly rounds: number;
  /** The service's; by default the one that was built with the benchmark. */
  readonly script?: URL | undefined;
  readonly results: Results;
  readonly progress: Progress;
}

const EVENTS_PER_ORDER = 3;
const WITHIN_MS = 600_000;

/** Rates at which a backlog of events is projected, and read models are built anew, beside those of only reading it. */
export async function projectionRounds({
  dir,
  orders,
  rounds,
  script,
  results,
  progress,
}: ProjectionRoundsOptions): Promise<void> {
  const stores = await openStores(dir);
  const { eventStore: client, streamPrefix } = stores;
  const emptyDatabase = stores.newDatabase();
  // Its read models stand before there is any event: copies of its state make a service take all through its group.
  const idle = await startService({ stores, database: emptyDatabase, group: stores.newGroup(), dir, script });
  await idle.process.stop();
  const states = await stores.mongo.db(emptyDatabase).collection('projections').find().toArray();
  progress.step(`filling a store with ${orders} orders for the projection`);
  const ids = await fill({ client, streamPrefix, orders, eventsPerOrder: EVENTS_PER_ORDER });
  const events = orders * EVENTS_PER_ORDER;
  const lastOrder = ids.at(-1) ?? '';

  for (let round = 0; round < rounds; round += 1) {
    progress.step(`projection and rebuild, round ${round + 1} of ${rounds}`);
    results.add('read log', await readLog({ type: 'read' }));
    results.add('consume', await readLog({ type: 'consume', group: stores.newGroup(), eventsPerAck: 1 }));
    results.add('consume, 500 an ack', await readLog({ type: 'consume', group: stores.newGroup(), eventsPerAck: 500 }));
    const projecting = await project();
    await rebuild(projecting);
    await projecting.process.stop();
    await firstBuild();
  }
  await stores.close();

  async function readLog(how: LogJob['how']): Promise<number> {
    const script = new URL('log-reader.js', import.meta.url);
    const reader = startProcess(script, { cwd: dir, log: `${dir}/log-reader.log`, core: CORES.subject });
    const job: LogJob = { eventStoreUrl: stores.eventStoreUrl, streamPrefix, events, how };
    const { perSecond } = await reader.ask<{ perSecond: number }>(job);
    await reader.stop();
    return perSecond;
  }

  /** From ready, which is when it consumes, until the last order's last event can be read. */
  async function project(): Promise<Subject> {
    const database = stores.newDatabase();
    await stores.mongo.db(database).collection('projections').insertMany(states);
    const service = await startService({ stores, database, group: stores.newGroup(), dir, script });
    const start = performance.now();
    await isProjected(stores, database, lastOrder);
    results.add('project', (events / (performance.now() - start)) * 1000);
    return service;
  }

  async function rebuild({ url, log }: Subject): Promise<void> {
    const started = await fetch(`${url}/admin/projections/orders/rebuild`, { method: 'POST' });
    await started.arrayBuffer();
    if (started.status !== 202) {
      progress.step(`no rebuild measured: ${started.status}, see ${log}`);
      return;
    }
    const milliseconds = await eventually('rebuild', () => rebuildTime(url), { withinMs: WITHIN_MS, everyMs: 100 });
    results.add('rebuild', (events / milliseconds) * 1000);
  }

  /** What a service does that finds an empty database; its log says how long that took. */
  async function firstBuild(): Promise<void> {
    const options = {
      stores,
      database: stores.newDatabase(),
      group: stores.newGroup(),
      dir,
      withinMs: WITHIN_MS,
      script,
    };
    const { process, log } = await startService(options);
    await process.stop();
    const built = /"events":(\d+),"ms":(\d+),"msg":"built from the log/.exec(readFileSync(log, 'utf8'));
    if (built) results.add('first build', (Number(built[1]) / Number(built[2])) * 1000);
  }
}

async function isProjected(stores: Stores, database: string, orderId: string): Promise<void> {
  const orders = stores.mongo.db(database).collection<{ _id: string; revision: number }>('orders');
  const last = { _id: orderId, revision: EVENTS_PER_ORDER - 1 };
  await eventually('projection', async () => (await orders.findOne(last)) ?? undefined, { withinMs: WITHIN_MS });
}

interface Projections {
  readonly items: readonly {
    readonly name: string;
    readonly rebuild: { readonly startedAt: string; readonly finishedAt: string | null } | null;
  }[];
}

async function rebuildTime(url: string): Promise<number | undefined> {
  const { items } = (await (await fetch(`${url}/admin/projections`)).json()) as Projections;
  const rebuild = items.find(({ name }) => name === 'orders')?.rebuild;
  return rebuild?.finishedAt ? Date.parse(rebuild.finishedAt) - Date.parse(rebuild.startedAt) : undefined;
}
