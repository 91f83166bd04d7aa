import { setTimeout as delay } from 'node:timers/promises';
import { CONFIRM_BODY, fill, PAY_BODY, PLACE_BODY } from './fill.ts';
import type { Call, LoadJob, LoadResult } from './http-load.ts';
import { eventually, type Process } from './processes.ts';
import type { Progress } from './progress.ts';
import type { Results } from './results.ts';
import type { Stores } from './stores.ts';
import type { Subject } from './subjects.ts';

export interface HttpRoundsOptions {
  readonly stores: Stores;
  readonly database: string;
  readonly driver: Process;
  /** undefined: only the service is measured. */
  readonly bare: Subject | undefined;
  readonly service: Subject;
  readonly peer: Subject | undefined;
  /** Ids of orders that the read model has. */
  readonly orderIds: readonly string[];
  readonly connections: readonly number[];
  readonly rounds: number;
  readonly pacedRounds: number;
  readonly seconds: number;
  readonly results: Results;
  readonly progress: Progress;
}

/** Orders placed in one run, for the same number to be confirmed and paid: fewer than the service's cache holds. */
const MOST_COMMANDS = 8000;
const UNCACHED_ORDERS = 1000;
const DISTINCT_READS = 100;
const PACED = { commandsPerSecond: 300, readsPerSecond: 500, connections: 64 };
const SETTLE_MS = 150;
const WARM_UP_SECONDS = 1;

const place: Call = { method: 'POST', path: '/orders', body: PLACE_BODY };
const confirm = (id: string): Call => ({ method: 'POST', path: `/orders/${id}/confirm`, body: CONFIRM_BODY });
const pay = (id: string): Call => ({ method: 'POST', path: `/orders/${id}/payment`, body: PAY_BODY });

/** Measures every route, subject after subject, round after round, so that all see the same weather. */
export async function httpRounds(options: HttpRoundsOptions): Promise<void> {
  const {
    stores,
    database,
    driver,
    bare,
    service,
    peer,
    orderIds,
    connections,
    rounds,
    pacedRounds,
    seconds,
    results,
    progress,
  } = options;
  const orders = stores.mongo.db(database).collection<{ _id: string; revision: number }>('orders');
  const reads = orderIds.slice(-DISTINCT_READS).map((id): Call => ({ method: 'GET', path: `/orders/${id}` }));
  const page: Call = { method: 'GET', path: '/orders' };
  const append: Call = { ...place, path: '/append' };

  progress.step('warming up');
  await round({ count: PACED.connections, time: Math.max(seconds, WARM_UP_SECONDS), isWarmUp: true });
  for (const count of connections) {
    for (let number = 1; number <= rounds; number += 1) {
      progress.step(`as many requests as it can, ${count} connections, round ${number} of ${rounds}`);
      await round({ count, time: seconds, isWarmUp: false });
    }
  }
  for (let number = 1; number <= pacedRounds; number += 1) {
    progress.step(`requests at a fixed rate, round ${number} of ${pacedRounds}`);
    await pacedRound();
  }

  async function round(run: { readonly count: number; readonly time: number; readonly isWarmUp: boolean }) {
    const { count, time, isWarmUp } = run;
    const how = { type: 'for', seconds: time } as const;
    const saturate = (name: string, subject: Subject, job: Omit<LoadJob, 'url' | 'connections'>) =>
      measure(isWarmUp ? undefined : `${name}@${count}`, subject, { ...job, connections: count });

    if (bare) await saturate('bare append', bare, { calls: [append], how, wantsIds: true });
    await flow('', service, saturate, count, how);
    if (peer) await flow('Emmett ', peer, saturate, count, how);
    if (count === PACED.connections && !isWarmUp) {
      const { eventStore: client, streamPrefix } = stores;
      const ids = await fill({ client, streamPrefix, orders: UNCACHED_ORDERS, eventsPerOrder: 1 });
      await projected(ids, 0);
      await saturate('confirm, not cached', service, { calls: ids.map(confirm), how: { type: 'once' } });
      await projected(ids, 1);
    }
    if (bare) await saturate('bare findOne', bare, { calls: reads, how });
    await saturate('get', service, { calls: reads, how });
    if (bare) await saturate('bare page', bare, { calls: [page], how });
    await saturate('page', service, { calls: [page], how });
  }

  /** Places orders, then confirms those, then pays for them. */
  async function flow(
    prefix: string,
    subject: Subject,
    saturate: (name: string, subject: Subject, job: Omit<LoadJob, 'url' | 'connections'>) => Promise<LoadResult>,
    count: number,
    how: LoadJob['how'],
  ) {
    const placed = await saturate(`${prefix}place`, subject, { calls: [place], how, wantsIds: true });
    const ids = placed.ids.slice(-MOST_COMMANDS);
    const usable = ids.slice(ids.length < count ? 0 : ids.length % count);
    if (subject === service) await projected(placed.ids, 0);
    await saturate(`${prefix}confirm`, subject, { calls: usable.map(confirm), how: { type: 'once' } });
    if (subject === service) await projected(usable, 1);
    await saturate(`${prefix}pay`, subject, { calls: usable.map(pay), how: { type: 'once' } });
    if (subject === service) await projected(usable, 2);
  }

  /** Latencies at a rate that all of them can serve. */
  async function pacedRound() {
    const { commandsPerSecond, readsPerSecond, connections: count } = PACED;
    const commandPace = { type: 'paced', perSecond: commandsPerSecond, seconds } as const;
    const readPace = { type: 'paced', perSecond: readsPerSecond, seconds } as const;
    const number = Math.ceil((commandsPerSecond * seconds) / count) * count;
    const paced = (name: string, subject: Subject, calls: readonly Call[], how: LoadJob['how']) =>
      measure(`paced ${name}`, subject, { calls, how, connections: count });

    if (bare) await paced('bare append', bare, [append], commandPace);
    for (const [prefix, subject] of [
      ['', service],
      ['Emmett ', peer],
    ] as const) {
      if (!subject) continue;
      const calls = Array.from({ length: number }, () => place);
      const { ids } = await measure(undefined, subject, {
        calls,
        connections: count,
        how: { type: 'once' },
        wantsIds: true,
      });
      if (subject === service) await projected(ids, 0);
      await paced(`${prefix}place`, subject, [place], commandPace);
      await paced(`${prefix}confirm`, subject, ids.map(confirm), commandPace);
      await paced(`${prefix}pay`, subject, ids.slice(0, commandsPerSecond * seconds).map(pay), commandPace);
    }
    if (bare) await paced('bare findOne', bare, reads, readPace);
    await paced('get', service, reads, readPace);
    if (bare) await paced('bare page', bare, [page], readPace);
    await paced('page', service, [page], readPace);
  }

  async function measure(name: string | undefined, subject: Subject, job: Omit<LoadJob, 'url'>): Promise<LoadResult> {
    const before = subject.process.usage();
    const result = await driver.ask<LoadResult>({ ...job, url: subject.url });
    const after = subject.process.usage();
    if (result.failed > 0)
      throw new Error(`${name ?? 'warming up'}: ${result.failed} requests failed, see ${subject.log}`);
    if (name === undefined) return result;
    if (job.how.type === 'paced') {
      results.add(`${name} p50 ms`, result.p50);
      results.add(`${name} p99 ms`, result.p99);
    } else {
      results.add(name, result.perSecond);
      if (before && after) results.add(`${name} CPU µs`, ((after.cpuMs - before.cpuMs) * 1000) / result.answers);
    }
    return result;
  }

  /** Waits until the read model has seen these orders, so that what is projected of one run does not slow the next. */
  async function projected(ids: readonly string[], revision: number): Promise<void> {
    const last = ids.slice(-64);
    const filter = { _id: { $in: last }, revision: { $gte: revision } };
    const isDone = async () => ((await orders.countDocuments(filter)) === last.length ? true : undefined);
    await eventually('projection', isDone, { everyMs: 20 });
    await delay(SETTLE_MS);
  }
}
