import { setTimeout as delay } from 'node:timers/promises';
import { isUnavailable as isEventStoreUnavailable } from '../../eventstoredb/errors.ts';
import { inOneStep } from '../database.ts';
import { isUnavailable as isMongoUnavailable } from '../errors.ts';
import { inTrace } from '../../tracing/trace.ts';
import { endOfLog } from '../log-reader.ts';
import { findReadModel, type ReadModel, type ReadModelContext } from '../read-model.ts';
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

export interface Rebuilds {
  /**
   * Starts a rebuild, or resumes an interrupted one, and returns while it runs.
   *
   * @returns `finished` settles when the rebuild ends, with its last state or the reason it failed
   * @throws RebuildRunningError, UnknownReadModelError
   */
  start(name: string): Promise<{ readonly finished: Promise<RebuildState> }>;
  /**
   * Rebuilds until `isDone`; if another process is rebuilding, waits for it.
   *
   * @param isDone gets the last finished rebuild, if its documents have the code's version
   */
  ensure(name: string, isDone: (last: RebuildState | undefined) => boolean | Promise<boolean>): Promise<void>;
  /**
   * Finishes rebuilds whose process died during the swap. Until then, the new collection may lack what was projected
   * into the old one.
   */
  finishSwaps(): Promise<void>;
  /** Looks for unfinished swaps every few seconds. */
  watch(): void;
  /** How far the last rebuild of each read model has come. */
  states(): Promise<ReadonlyMap<string, RebuildState>>;
  /** Whether this process is rebuilding a read model. */
  isRunning(): boolean;
  /** Interrupts running rebuilds; they can be resumed later. */
  stop(): Promise<void>;
}

/** One rebuild of a read model at a time, across all processes. */
export class RebuildRunningError extends Error {
  override readonly name = 'RebuildRunningError';

  constructor(name: string) {
    super(`The read model ${name} is being rebuilt already`);
  }
}

const LOOK_AGAIN_MS = 250;
const WATCH_EVERY_MS = 5000;

/** @param models all read models */
export function createRebuilds(context: ReadModelContext, models: readonly ReadModel[]): Rebuilds {
  const { client, db, log } = context;
  const states = rebuildStates(db);
  const stopping = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  let timer: NodeJS.Timeout | undefined;

  return { start, ensure, finishSwaps, watch, states: allStates, isRunning: () => running.size > 0, stop };

  async function start(name: string): Promise<{ finished: Promise<RebuildState> }> {
    stopping.signal.throwIfAborted();
    if (running.has(name)) throw new RebuildRunningError(name);
    const head = await endOfLog(client);
    const lease = await acquireLease(states, {
      _id: rebuildId(name),
      version: findReadModel(models, name).version,
      head: (head?.commit ?? 0n).toString(),
    });
    if (!lease) throw new RebuildRunningError(name);
    const finished = run(name, lease).finally(() => running.delete(name));
    finished.catch(() => undefined); // logged already, and not every caller awaits it
    running.set(name, finished);
    return { finished };
  }

  async function run(name: string, lease: Lease): Promise<RebuildState> {
    const began = Date.now();
    log.info({ readModel: name, position: lease.state().position?.commit ?? null }, 'rebuild of a read model begins');
    try {
      const model = findReadModel(models, name);
      await inTrace(context.tracing, `rebuild ${name}`, {}, async (trace) => {
        if (model.rebuild) await model.rebuild(context);
        else await rebuildByShadow({ context, model, models, lease, signal: stopping.signal });
        trace?.set({ 'pizzeria.events': lease.state().events, 'pizzeria.documents': lease.state().documents });
      });
      await lease.save({ phase: 'done', finishedAt: new Date() });
      const { events, documents } = lease.state();
      log.info({ readModel: name, events, documents, ms: Date.now() - began }, 'read model rebuilt');
      return lease.state();
    } catch (error) {
      await settleFailure(name, lease, error);
      throw error;
    } finally {
      // If the store is away, the lease lapses by itself.
      await lease.release().catch((error: unknown) => log.debug({ err: error }, 'the lease could not be given back'));
    }
  }

  async function settleFailure(name: string, lease: Lease, error: unknown): Promise<void> {
    const isInterrupted =
      stopping.signal.aborted ||
      error instanceof LeaseLostError ||
      isEventStoreUnavailable(error) ||
      isMongoUnavailable(error);
    if (isInterrupted) {
      log.warn({ readModel: name, reason: String(error) }, 'rebuild of a read model interrupted');
      return;
    }
    log.error({ err: error, readModel: name }, 'rebuild of a read model failed');
    await lease
      .save({ phase: 'failed', finishedAt: new Date(), error: error instanceof Error ? error.message : String(error) })
      .catch((unsaved: unknown) => log.warn({ err: unsaved }, 'the failure could not be noted'));
  }

  async function ensure(name: string, isDone: Parameters<Rebuilds['ensure']>[1]): Promise<void> {
    for (;;) {
      stopping.signal.throwIfAborted();
      const state = await inOneStep(states.findOne({ _id: rebuildId(name) }));
      const isOfVersion = state?.phase === 'done' && state.version === findReadModel(models, name).version;
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
      const name = state._id.slice('rebuild:'.length);
      if (
        state.phase !== 'swapping' ||
        !models.some((model) => model.name === name) ||
        isHeld(state) ||
        running.has(name)
      )
        continue;
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
    // All ids that begin with `rebuild:`, as `;` is the character after `:`.
    const found = await inOneStep(states.find({ _id: { $gte: 'rebuild:', $lt: 'rebuild;' } }).toArray());
    return new Map(found.map((state) => [state._id.slice('rebuild:'.length), state]));
  }

  async function stop(): Promise<void> {
    clearInterval(timer);
    stopping.abort(new Error('stopping'));
    await Promise.allSettled(running.values());
  }
}

export type RebuildProgressState = 'running' | 'interrupted' | 'done' | 'failed';

export function progressState(state: RebuildState): RebuildProgressState {
  if (!isUnfinished(state)) return state.phase === 'failed' ? 'failed' : 'done';
  return isHeld(state) ? 'running' : 'interrupted';
}

/** How much of the log, as it was when the rebuild began, is done: 0 to 100. */
export function percentOf({ phase, position, head }: RebuildState): number {
  if (phase === 'done' || phase === 'swapping') return 100;
  if (position === null) return 0;
  return Math.min(100, Math.floor((Number(position.commit) * 100) / Math.max(1, Number(head))));
}
