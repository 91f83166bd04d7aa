import { setTimeout as delay } from 'node:timers/promises';
import { BACKWARDS, END, type EventStoreDBClient, type Position } from '@eventstore/db-client';
import type { Logger } from 'pino';
import { withTimeLimit } from '../../eventstoredb/client.ts';
import { isUnavailable as isEventStoreUnavailable } from '../../eventstoredb/errors.ts';
import type { StreamStore } from '../../eventstoredb/streams.ts';
import { liveGeneration } from '../analytics/queries.ts';
import type { Database } from '../database.ts';
import { isUnavailable as isMongoUnavailable } from '../errors.ts';
import { reasonOf } from '../live/deliveries.ts';
import { type ReadModelName, versionOf } from '../index.ts';
import { rebuildAnalytics } from '../analytics/rebuild.ts';
import {
  acquireLease,
  isHeld,
  isUnfinished,
  type Lease,
  LeaseLostError,
  rebuildId,
  type RebuildState,
  rebuildStates,
} from './lease.ts';
import { rebuildByShadow } from './shadow.ts';

export interface RebuildOptions {
  readonly client: EventStoreDBClient;
  readonly streams: Pick<StreamStore, 'readRecorded'>;
  readonly database: Database;
  readonly streamPrefix: string;
  readonly log: Logger;
}

export interface RebuildContext extends RebuildOptions {
  /** Asks the rebuild to stop after the page in hand. */
  readonly signal: AbortSignal;
}

export interface Rebuilds {
  /**
   * Begins a rebuild, or goes on with an interrupted one, and returns while it runs.
   *
   * @returns settles when the rebuild ends, with where it ended or why it failed
   * @throws RebuildRunningError
   */
  start(name: ReadModelName): Promise<{ readonly finished: Promise<RebuildState> }>;
  /**
   * Rebuilds unless that is done, by whomever; waits for another process's rebuild.
   *
   * @param isDone given the last rebuild that has ended with documents of the code's version
   */
  ensure(name: ReadModelName, isDone: (last: RebuildState | undefined) => boolean | Promise<boolean>): Promise<void>;
  /**
   * Finishes rebuilds whose process died while the new collection took the old one's place: until then, the new one
   * may lack what was projected into the old one.
   */
  finishSwaps(): Promise<void>;
  /** Looks every few seconds for swaps to finish. */
  watch(): void;
  /** How far the last rebuild of each read model has come. */
  states(): Promise<ReadonlyMap<string, RebuildState>>;
  /** Whether this process is at work on one. */
  isRunning(): boolean;
  /** Interrupts what runs; it can be gone on with later. */
  stop(): Promise<void>;
}

/** One rebuild of a read model at a time, across all processes. */
export class RebuildRunningError extends Error {
  override readonly name = 'RebuildRunningError';

  constructor(name: ReadModelName) {
    super(`The read model ${name} is being rebuilt already`);
  }
}

const HEAD_TIME_LIMIT_MS = 2500;
const LOOK_AGAIN_MS = 250;
const WATCH_EVERY_MS = 5000;

export function createRebuilds(options: RebuildOptions): Rebuilds {
  const { client, database, log } = options;
  const states = rebuildStates(database.db);
  const stopping = new AbortController();
  const running = new Map<ReadModelName, Promise<unknown>>();
  const context: RebuildContext = { ...options, signal: stopping.signal };
  let timer: NodeJS.Timeout | undefined;

  return { start, ensure, finishSwaps, watch, states: allStates, isRunning: () => running.size > 0, stop };

  async function start(name: ReadModelName): Promise<{ finished: Promise<RebuildState> }> {
    stopping.signal.throwIfAborted();
    if (running.has(name)) throw new RebuildRunningError(name);
    const head = await endOfLog(client);
    const generation = name === 'analytics' ? (await liveGeneration(database)) + 1 : 0;
    const lease = await acquireLease(states, {
      _id: rebuildId(name),
      version: versionOf(name),
      head: (head?.commit ?? 0n).toString(),
      generation,
    });
    if (!lease) throw new RebuildRunningError(name);
    const finished = run(name, lease).finally(() => running.delete(name));
    finished.catch(() => undefined); // logged already; not every caller waits for it
    running.set(name, finished);
    return { finished };
  }

  async function run(name: ReadModelName, lease: Lease): Promise<RebuildState> {
    const began = Date.now();
    log.info({ readModel: name, position: lease.state().position?.commit ?? null }, 'rebuild of a read model begins');
    try {
      await (name === 'analytics' ? rebuildAnalytics(context, lease) : rebuildByShadow(context, name, lease));
      await lease.save({ phase: 'done', finishedAt: new Date() });
      const { events, documents } = lease.state();
      log.info({ readModel: name, events, documents, ms: Date.now() - began }, 'read model rebuilt');
      return lease.state();
    } catch (error) {
      await settleFailure(name, lease, error);
      throw error;
    } finally {
      // When the store is away the lease lapses by itself.
      await lease.release().catch((error: unknown) => log.debug({ err: error }, 'the lease could not be given back'));
    }
  }

  async function settleFailure(name: ReadModelName, lease: Lease, error: unknown): Promise<void> {
    const isInterrupted =
      stopping.signal.aborted ||
      error instanceof LeaseLostError ||
      isEventStoreUnavailable(error) ||
      isMongoUnavailable(error);
    if (isInterrupted) {
      log.warn({ readModel: name, reason: reasonOf(error) }, 'rebuild of a read model interrupted');
      return;
    }
    log.error({ err: error, readModel: name }, 'rebuild of a read model failed');
    await lease
      .save({ phase: 'failed', finishedAt: new Date(), error: reasonOf(error) })
      .catch((unsaved: unknown) => log.warn({ err: unsaved }, 'the failure could not be noted'));
  }

  async function ensure(name: ReadModelName, isDone: Parameters<Rebuilds['ensure']>[1]): Promise<void> {
    for (;;) {
      stopping.signal.throwIfAborted();
      const state = await states.findOne({ _id: rebuildId(name) });
      const isOfVersion = state?.phase === 'done' && state.version === versionOf(name);
      if (await isDone(isOfVersion ? state : undefined)) return;
      try {
        const { finished } = await start(name);
        await finished;
      } catch (error) {
        if (!(error instanceof RebuildRunningError)) throw error;
        await delay(LOOK_AGAIN_MS, undefined, { ref: false });
      }
    }
  }

  async function finishSwaps(): Promise<void> {
    for (const state of (await allStates()).values()) {
      const name = state._id.slice('rebuild:'.length) as ReadModelName;
      if (state.phase !== 'swapping' || isHeld(state) || running.has(name)) continue;
      try {
        await (
          await start(name)
        ).finished;
      } catch (error) {
        if (!(error instanceof RebuildRunningError)) throw error;
      }
    }
  }

  function watch(): void {
    timer = setInterval(() => {
      finishSwaps().catch((error: unknown) => log.debug({ err: error }, 'no swap of a read model could be finished'));
    }, WATCH_EVERY_MS).unref();
  }

  async function allStates(): Promise<ReadonlyMap<string, RebuildState>> {
    const found = await states.find({ _id: /^rebuild:/ }).toArray();
    return new Map(found.map((state) => [state._id.slice('rebuild:'.length), state]));
  }

  async function stop(): Promise<void> {
    clearInterval(timer);
    stopping.abort(new Error('stopping'));
    await Promise.allSettled(running.values());
  }
}

/** Position of the newest event; undefined for an empty log. */
export async function endOfLog(client: EventStoreDBClient): Promise<Position | undefined> {
  const read = async () => {
    let last: Position | undefined;
    const newest = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
    for await (const { event } of newest) last = event?.position;
    return last;
  };
  return withTimeLimit(HEAD_TIME_LIMIT_MS, read());
}

export type RebuildProgressState = 'running' | 'interrupted' | 'done' | 'failed';

export function progressState(state: RebuildState): RebuildProgressState {
  if (!isUnfinished(state)) return state.phase === 'failed' ? 'failed' : 'done';
  return isHeld(state) ? 'running' : 'interrupted';
}

/** Of the log as it was when the rebuild began: 0 to 100. */
export function percentOf({ phase, position, head }: RebuildState): number {
  if (phase === 'done' || phase === 'swapping') return 100;
  if (position === null) return 0;
  return Math.min(100, Math.floor((Number(position.commit) * 100) / Math.max(1, Number(head))));
}
