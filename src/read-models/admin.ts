import { ErrorType, type PersistentSubscriptionToAllInfo, type Position } from '@eventstore/db-client';
import { withTimeLimit as withEventStoreTimeLimit } from '../eventstoredb/client.ts';
import { hasType } from '../eventstoredb/errors.ts';
import { withTimeLimit } from './database.ts';
import { isUnavailable as isMongoUnavailable, ReadModelsUnavailableError } from './errors.ts';
import { checkpointOf, createLagMeter, inHand, type Lag } from './lag.ts';
import { groupOf } from './live/consumer-group.ts';
import type { Worker } from './live/worker.ts';
import { endOfLog } from './log-reader.ts';
import { type ParkedEvent, readParked } from './parked.ts';
import { findReadModel, type ReadModel, type ReadModelContext, streamPrefixes } from './read-model.ts';
import {
  createRebuilds,
  percentOf,
  progressState,
  type RebuildProgressState,
  type Rebuilds,
} from './rebuild/rebuild.ts';
import type { RebuildState } from './rebuild/lease.ts';
import type { Findings, Reached, VerifyResult, VerifyRun } from './findings.ts';
import { STEP_TIME_LIMIT_MS, STORE_TIME_LIMIT_MS } from '../time-limit.ts';
import { inTrace } from '../tracing/trace.ts';

export interface AdminOptions {
  readonly context: ReadModelContext;
  readonly models: readonly ReadModel[];
  /** What the names of the worker's groups begin with: see `groupOf`. */
  readonly group: string;
  readonly rebuilds?: Rebuilds;
  /** This process's worker; undefined in a tool that runs beside the service. */
  readonly worker?: Pick<Worker, 'status'>;
}

export interface RebuildProgress {
  readonly state: RebuildProgressState;
  readonly events: number;
  readonly percent: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly error: string | null;
}

export interface ProjectionStatus {
  readonly name: string;
  /** `rebuilding`: it still serves and follows the log, unless all are built anew, of which `lastError` says why. */
  readonly state: 'starting' | 'consuming' | 'waiting' | 'stopped' | 'rebuilding';
  /** Commit position of the last event projected, as far as it is known; null before the first. */
  readonly position: number | null;
  /** Commit position of the log's end. */
  readonly head: number | null;
  readonly lag: Lag;
  /** Delivered and not yet acknowledged. */
  readonly inFlight: number;
  /** Redeliveries to this process; null if it doesn't consume. */
  readonly retried: number | null;
  readonly parked: number;
  /** Documents that are stalled, because an event of theirs cannot be read. */
  readonly stalled: number;
  readonly lastError: string | null;
  readonly rebuild: RebuildProgress | null;
}

/** The process was told to stop before the work was done. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

export type ProjectionAdmin = ReturnType<typeof createProjectionAdmin>;

const VERIFY_DEFAULTS = { mostAtOnce: 100_000, settleMs: 2000, onProgress: () => undefined };

/** What an operator can see of the read models, and do to them. */
export function createProjectionAdmin({ context, models, worker, ...options }: AdminOptions) {
  const { client, streamPrefix } = context;
  const prefixes = streamPrefixes(streamPrefix, models);
  const group = groupOf(options.group, prefixes);
  const rebuilds = options.rebuilds ?? createRebuilds(context, models);
  const stopping = new AbortController();
  const eventsAfter = createLagMeter(client, prefixes);

  return {
    lag,
    status,

    /**
     * Every event up to this position is projected or parked; undefined: perhaps none. Some later ones may be.
     *
     * @throws EventStoreUnavailableError
     */
    async projectedTo(): Promise<Position | undefined> {
      const info = await readGroup();
      // What the server knows of while nobody consumes it has not been delivered.
      return positionOf(info, info !== undefined && isIdle(info) && info.connections.length > 0);
    },

    /** Parked events, oldest first, at most `limit`; `total` counts them all. @throws EventStoreUnavailableError */
    async parked(limit: number): Promise<{ items: ParkedEvent[]; total: number }> {
      const [info, items] = await Promise.all([readGroup(), readParked(client, group, limit)]);
      return { items, total: parkedCount(info) ?? items.length };
    },

    /** Delivers the parked events again. @throws EventStoreUnavailableError */
    async replayParked(): Promise<{ replayed: number }> {
      const replayed = parkedCount(await readGroup()) ?? 0;
      if (replayed > 0) await withEventStoreTimeLimit(STORE_TIME_LIMIT_MS, client.replayParkedMessagesToAll(group));
      return { replayed };
    },

    /**
     * Starts a rebuild and returns while it runs.
     *
     * @throws UnknownReadModelError, RebuildRunningError, EventStoreUnavailableError, ReadModelsUnavailableError
     */
    rebuild: (name: string) => withTimeLimit(STORE_TIME_LIMIT_MS, rebuilds.start(name)),
    rebuildStates: () => rebuilds.states(),

    /**
     * Compares the documents of a read model with what they should be, and repairs them on request, while the service
     * keeps running. There is no time limit.
     *
     * @throws UnknownReadModelError, StoppingError, EventStoreUnavailableError, ReadModelsUnavailableError
     */
    async verify(name: string, run: Omit<VerifyRun, 'signal'>): Promise<VerifyResult> {
      const findings: Findings = { checked: 0, differences: 0, listed: [], repaired: 0, behind: null };
      const model = findReadModel(models, name);
      const given = { ...VERIFY_DEFAULTS, reached: () => reached(name), ...run, signal: stopping.signal };
      try {
        await inTrace(context.tracing, `verify ${name}`, {}, async (trace) => {
          await model.verify(context, given, findings);
          trace?.set({ 'pizzeria.documents': findings.checked, 'pizzeria.differences': findings.differences });
        });
        return { name, ...findings };
      } catch (error) {
        // Our time limits wrap the driver's errors, but this call has none.
        if (!isMongoUnavailable(error) || error instanceof ReadModelsUnavailableError) throw error;
        throw new ReadModelsUnavailableError('MongoDB is away', { cause: error });
      }
    },

    /** Interrupts rebuilds, which can be resumed later, and verifications. */
    async stop(): Promise<void> {
      stopping.abort(new StoppingError('stopping'));
      await rebuilds.stop();
    },
  };

  /**
   * Every read model and how far it is behind the log.
   *
   * @throws EventStoreUnavailableError, ReadModelsUnavailableError
   */
  async function status(): Promise<ProjectionStatus[]> {
    const [{ info, head, lag: behind }, states, stalled] = await Promise.all([
      measure(),
      withTimeLimit(STORE_TIME_LIMIT_MS, rebuilds.states()),
      withTimeLimit(STORE_TIME_LIMIT_MS, Promise.all(models.map(countStalled))),
    ]);
    const consumer = worker?.status();
    return models.map(({ name }, at): ProjectionStatus => {
      const rebuild = progressOf(states.get(name));
      return {
        name,
        state: rebuild?.state === 'running' ? 'rebuilding' : (consumer?.state ?? consumerState(info)),
        position: toNumber(positionOf(info, behind.events === 0)),
        head: toNumber(head),
        lag: behind,
        inFlight: info?.stats.totalInFlightMessages ?? 0,
        retried: consumer?.redelivered ?? null,
        parked: parkedCount(info) ?? 0,
        stalled: stalled[at] ?? 0,
        lastError: consumer?.lastError ?? null,
        rebuild,
      };
    });
  }

  /** How far the consumer group is behind, and how many of its events are parked or in flight. */
  async function lag(): Promise<Lag & { parked: number; inFlight: number }> {
    const { info, lag: behind } = await measure();
    return { ...behind, parked: parkedCount(info) ?? 0, inFlight: info?.stats.totalInFlightMessages ?? 0 };
  }

  /** How far a read model has come: the consumer group or, after its swap, the rebuild that reads on from there. */
  async function reached(name: string): Promise<Reached> {
    const [{ info, head, lag: behind }, states] = await Promise.all([measure(STEP_TIME_LIMIT_MS), rebuilds.states()]);
    const last = positionOf(info, behind.events === 0);
    // A busy server may not have told the group yet of the newest events.
    const { events } = behind.events === 0 ? await eventsAfter(last, head) : behind;
    const position = toNumber(last);
    const state = states.get(name);
    if (state?.phase !== 'swapping') return { events, position };
    return { events: Math.max(1, events), position: Math.min(position ?? 0, Number(state.position?.commit ?? 0)) };
  }

  function measure(timeLimitMs = STORE_TIME_LIMIT_MS) {
    const measuring = async () => {
      const [info, head] = await Promise.all([readGroup(timeLimitMs), endOfLog(client, timeLimitMs)]);
      return { info, head, lag: await lagOfGroup(info, head) };
    };
    return withEventStoreTimeLimit(timeLimitMs, measuring());
  }

  async function countStalled(model: ReadModel): Promise<number> {
    return (await model.countStalled?.(context)) ?? 0;
  }

  async function readGroup(timeLimitMs = STORE_TIME_LIMIT_MS): Promise<PersistentSubscriptionToAllInfo | undefined> {
    try {
      return await withEventStoreTimeLimit(timeLimitMs, client.getPersistentSubscriptionToAllInfo(group));
    } catch (error) {
      if (hasType(error, ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST)) return undefined;
      throw error;
    }
  }

  /** The events that the server holds for the group and, while the group is behind, those that it hasn't read yet. */
  async function lagOfGroup(
    info: PersistentSubscriptionToAllInfo | undefined,
    head: Position | undefined,
  ): Promise<Lag> {
    if (!info) return eventsAfter(undefined, head);
    if (isIdle(info)) return { events: 0, seconds: 0 };
    const sinceCheckpoint = await eventsAfter(info.stats.lastCheckpointedEventPosition, head);
    return isBehind(info) ? sinceCheckpoint : { events: inHand(info), seconds: sinceCheckpoint.seconds };
  }
}

function parkedCount(info: PersistentSubscriptionToAllInfo | undefined): number | undefined {
  return info && Number(info.stats.parkedMessageCount);
}

function isBehind({ status }: PersistentSubscriptionToAllInfo): boolean {
  return status !== 'Live';
}

function isIdle(info: PersistentSubscriptionToAllInfo): boolean {
  return inHand(info) === 0 && !isBehind(info);
}

/** Whichever process consumes it: seen from outside, a group with connections is consumed. */
function consumerState(info: PersistentSubscriptionToAllInfo | undefined): ProjectionStatus['state'] {
  return (info?.connections.length ?? 0) > 0 ? 'consuming' : 'stopped';
}

/** The server reports its checkpoint only every second or so; with nothing to do it is at the last event. */
function positionOf(info: PersistentSubscriptionToAllInfo | undefined, isDone: boolean): Position | undefined {
  if (!info) return undefined;
  return (isDone ? info.stats.lastKnownEventPosition : undefined) ?? checkpointOf(info);
}

function progressOf(state: RebuildState | undefined): RebuildProgress | null {
  if (!state) return null;
  const { events, startedAt, finishedAt, error } = state;
  return { state: progressState(state), events, percent: percentOf(state), startedAt, finishedAt, error };
}

function toNumber(position: Position | undefined): number | null {
  return position ? Number(position.commit) : null;
}
