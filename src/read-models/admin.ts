import {
  ErrorType,
  type EventStoreDBClient,
  FORWARDS,
  type PersistentSubscriptionToAllInfo,
  type Position,
  START,
} from '@eventstore/db-client';
import type { Logger } from 'pino';
import { withTimeLimit as withEventStoreTimeLimit } from '../eventstoredb/client.ts';
import { hasType } from '../eventstoredb/errors.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import { ANALYTICS } from './analytics/queries.ts';
import { type Database, withTimeLimit } from './database.ts';
import { isUnavailable as isMongoUnavailable, ReadModelsUnavailableError } from './errors.ts';
import type { AnalyticsFollower } from './analytics/follower.ts';
import { fromStored } from './rebuild/log-reader.ts';
import { isOfOrders } from './live/consumer-group.ts';
import { createLagMeter, type Lag } from './lag.ts';
import { READ_MODEL_NAMES, type ReadModelName } from './index.ts';
import {
  createRebuilds,
  endOfLog,
  percentOf,
  progressState,
  type RebuildProgressState,
  RebuildRunningError,
  type Rebuilds,
} from './rebuild/rebuild.ts';
import type { RebuildState } from './rebuild/lease.ts';
import { verify } from './verify/verify.ts';
import type { VerifyResult, VerifyRun } from './verify/findings.ts';
import type { Worker } from './live/worker.ts';

export interface AdminOptions {
  readonly client: EventStoreDBClient;
  readonly streams: StreamStore;
  readonly database: Database;
  readonly group: string;
  readonly streamPrefix: string;
  readonly log: Logger;
  readonly rebuilds?: Rebuilds;
  /** Those of this process; undefined for a tool beside the service. */
  readonly worker?: Pick<Worker, 'status'>;
  readonly analytics?: Pick<AnalyticsFollower, 'isRunning' | 'lastError'>;
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
  readonly name: ReadModelName;
  /** `rebuilding`: it serves and follows the log meanwhile. */
  readonly state: 'starting' | 'consuming' | 'waiting' | 'stopped' | 'rebuilding';
  /** Commit position of the last event projected, as far as it is known; null before the first. */
  readonly position: number | null;
  /** Commit position of the log's end. */
  readonly head: number | null;
  readonly lag: Lag;
  /** Delivered and not yet acknowledged. */
  readonly inFlight: number;
  /** Deliveries that were not the first, to this process; null where none consumes in it. */
  readonly retried: number | null;
  readonly parked: number;
  /** Orders that stand still since an event of theirs cannot be read. */
  readonly stalled: number;
  readonly lastError: string | null;
  readonly rebuild: RebuildProgress | null;
}

export interface ParkedEvent {
  /** null when the event has been deleted since. */
  readonly eventId: string | null;
  readonly type: string | null;
  readonly stream: string;
  readonly revision: number;
  readonly reason: string;
  readonly parkedAt: Date;
}

/** What was asked for did not end before the process was told to stop. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError';
}

export type ProjectionAdmin = ReturnType<typeof createProjectionAdmin>;

const TIME_LIMIT_MS = 2500;

/** What an operator can see of the projections, and do to them. */
export function createProjectionAdmin(options: AdminOptions) {
  const { client, database, group, streamPrefix, worker, analytics } = options;
  const rebuilds = options.rebuilds ?? createRebuilds(options);
  const stopping = new AbortController();
  const eventsAfter = createLagMeter(client, streamPrefix);
  const ordersAfter = createLagMeter(client, streamPrefix, isOfOrders(streamPrefix));

  return {
    lag,
    status,
    parked,
    replayParked,

    /**
     * Starts a rebuild and returns while it runs.
     *
     * @throws RebuildRunningError, EventStoreUnavailableError, ReadModelsUnavailableError
     */
    rebuild: (name: ReadModelName) => withTimeLimit(TIME_LIMIT_MS, rebuilds.start(name)),
    rebuildStates: () => rebuilds.states(),

    /**
     * Compares the documents of a read model with the log, and on request repairs them; takes as long as it takes.
     *
     * @throws StoppingError, EventStoreUnavailableError, ReadModelsUnavailableError
     */
    async verify(name: ReadModelName, run: Omit<VerifyRun, 'signal'>): Promise<VerifyResult> {
      try {
        return await verify(options, name, { ...run, signal: stopping.signal });
      } catch (error) {
        // The driver's own errors: no time limit of ours turned them.
        if (!isMongoUnavailable(error) || error instanceof ReadModelsUnavailableError) throw error;
        throw new ReadModelsUnavailableError('MongoDB is away', { cause: error });
      }
    },

    /** Interrupts rebuilds, which can be gone on with later, and verifications. */
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
    const [{ groupInfo, head, ofGroup, ofAnalytics, figures }, states, stalledOrders] = await Promise.all([
      measure(),
      withTimeLimit(TIME_LIMIT_MS, rebuilds.states()),
      withTimeLimit(TIME_LIMIT_MS, database.orders.countDocuments({ 'stalled.revision': { $gte: 0 } })),
    ]);
    const consumer = worker?.status();
    return READ_MODEL_NAMES.map((name): ProjectionStatus => {
      const rebuild = progressOf(states.get(name));
      const isFollower = name === 'analytics';
      const own = isFollower
        ? { state: followerState(), lastError: analytics?.lastError() }
        : { state: consumer?.state ?? consumerState(groupInfo), lastError: consumer?.lastError };
      return {
        name,
        state: rebuild?.state === 'running' ? 'rebuilding' : own.state,
        position: toNumber(isFollower ? figures.position : positionOf(groupInfo, ofGroup)),
        head: toNumber(head),
        lag: isFollower ? ofAnalytics : ofGroup,
        inFlight: isFollower ? 0 : (groupInfo?.stats.totalInFlightMessages ?? 0),
        retried: isFollower ? 0 : (consumer?.redelivered ?? null),
        parked: isFollower ? 0 : Number(groupInfo?.stats.parkedMessageCount ?? 0),
        stalled: isFollower ? figures.stalled.length : name === 'orders' ? stalledOrders : 0,
        lastError: own.lastError ?? null,
        rebuild,
      };
    });
  }

  /** How far the consumer group and the figures are behind, and how many events the group has parked. */
  async function lag(): Promise<{ group: Lag; analytics: Lag; parked: number; inFlight: number }> {
    const { ofGroup, ofAnalytics, groupInfo } = await measure();
    return {
      group: ofGroup,
      analytics: ofAnalytics,
      parked: Number(groupInfo?.stats.parkedMessageCount ?? 0),
      inFlight: groupInfo?.stats.totalInFlightMessages ?? 0,
    };
  }

  async function measure() {
    const [groupInfo, head, state] = await Promise.all([
      readGroup(),
      endOfLog(client),
      withTimeLimit(TIME_LIMIT_MS, database.projections.findOne({ _id: ANALYTICS })),
    ]);
    const figures = { position: state?.position && fromStored(state.position), stalled: state?.stalled ?? [] };
    const [ofGroup, ofAnalytics] = await Promise.all([
      lagOfGroup(groupInfo, head),
      ordersAfter(figures.position, head),
    ]);
    return { groupInfo, head, ofGroup, ofAnalytics, figures };
  }

  async function readGroup(): Promise<PersistentSubscriptionToAllInfo | undefined> {
    try {
      return await withEventStoreTimeLimit(TIME_LIMIT_MS, client.getPersistentSubscriptionToAllInfo(group));
    } catch (error) {
      if (hasType(error, ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST)) return undefined;
      throw error;
    }
  }

  /** What the server has in hand for the group, and, while it is behind, what it has yet to read for it. */
  async function lagOfGroup(
    info: PersistentSubscriptionToAllInfo | undefined,
    head: Position | undefined,
  ): Promise<Lag> {
    if (!info) return eventsAfter(undefined, head);
    const { stats } = info;
    // Not the live buffer: EventStoreDB keeps the last events in it, done or not.
    const inHand = stats.readBufferCount + stats.retryBufferCount + stats.totalInFlightMessages;
    const isBehind = info.status !== 'Live';
    if (inHand === 0 && !isBehind) return { events: 0, seconds: 0 };
    const sinceCheckpoint = await eventsAfter(stats.lastCheckpointedEventPosition, head);
    return isBehind ? sinceCheckpoint : { events: inHand, seconds: sinceCheckpoint.seconds };
  }

  function followerState(): ProjectionStatus['state'] {
    if (!analytics) return 'stopped';
    return analytics.isRunning() ? 'consuming' : 'waiting';
  }

  /**
   * The events that are parked and not yet replayed, oldest first, with the reason that is kept in the link to each.
   *
   * @throws EventStoreUnavailableError
   */
  async function parked(limit: number): Promise<{ items: ParkedEvent[]; total: number }> {
    const reading = client.readStream(`$persistentsubscription-$all::${group}-parked`, {
      direction: FORWARDS,
      fromRevision: START,
      resolveLinkTos: true,
      maxCount: limit,
    });
    const items: ParkedEvent[] = [];
    const drain = async () => {
      for await (const { event, link } of reading) if (link) items.push(parkedEvent(link, event));
    };
    const [info] = await Promise.all([
      readGroup(),
      withEventStoreTimeLimit(TIME_LIMIT_MS, drain(), () => void reading.cancel()).catch((error: unknown) => {
        if (!hasType(error, ErrorType.STREAM_NOT_FOUND) && !hasType(error, ErrorType.STREAM_DELETED)) throw error;
      }),
    ]);
    return { items, total: Number(info?.stats.parkedMessageCount ?? items.length) };
  }

  /**
   * Delivers the parked events again. The figures do not come from the consumer group, and pass over what comes
   * after an event that they could not read: when there are such orders, they are rebuilt.
   *
   * @throws EventStoreUnavailableError, ReadModelsUnavailableError
   */
  async function replayParked(): Promise<{ replayed: number; rebuilding: Promise<RebuildState> | undefined }> {
    const info = await readGroup();
    const replayed = Number(info?.stats.parkedMessageCount ?? 0);
    if (replayed > 0) await withEventStoreTimeLimit(TIME_LIMIT_MS, client.replayParkedMessagesToAll(group));
    const state = await withTimeLimit(TIME_LIMIT_MS, database.projections.findOne({ _id: ANALYTICS }));
    if ((state?.stalled ?? []).length === 0) return { replayed, rebuilding: undefined };
    try {
      const { finished } = await withTimeLimit(TIME_LIMIT_MS, rebuilds.start('analytics'));
      return { replayed, rebuilding: finished };
    } catch (error) {
      if (error instanceof RebuildRunningError) return { replayed, rebuilding: undefined };
      throw error;
    }
  }
}

/** Whoever consumes it: seen from outside, a group with connections is consumed. */
function consumerState(info: PersistentSubscriptionToAllInfo | undefined): ProjectionStatus['state'] {
  return (info?.connections.length ?? 0) > 0 ? 'consuming' : 'stopped';
}

/** The server tells only where it has got to every second or so; with nothing to do it is at the last event. */
function positionOf(info: PersistentSubscriptionToAllInfo | undefined, { events }: Lag): Position | undefined {
  const { lastKnownEventPosition, lastCheckpointedEventPosition } = info?.stats ?? {};
  return events === 0
    ? (lastKnownEventPosition ?? lastCheckpointedEventPosition)
    : (lastCheckpointedEventPosition ?? undefined);
}

function progressOf(state: RebuildState | undefined): RebuildProgress | null {
  if (!state) return null;
  const { events, startedAt, finishedAt, error } = state;
  return { state: progressState(state), events, percent: percentOf(state), startedAt, finishedAt, error };
}

const CLIENT_PARKED = /^Client explicitly NAK'ed message\.\r?\n/;

/**
 * EventStoreDB keeps a link to the event, `revision@stream`, with `{added, reason, subscriptionEventNumber}` as its
 * metadata, and puts a sentence of its own before the reason that the consumer gave.
 */
function parkedEvent(link: LinkEvent, event: LinkedEvent | undefined): ParkedEvent {
  const [, revision = '', stream = ''] = /^(\d+)@(.*)$/s.exec(Buffer.from(link.data as Uint8Array).toString()) ?? [];
  const metadata = (link.metadata ?? {}) as { reason?: unknown; added?: unknown };
  const added = new Date(typeof metadata.added === 'string' ? metadata.added : Number.NaN);
  return {
    eventId: event?.id ?? null,
    type: event?.type ?? null,
    stream: event?.streamId ?? stream,
    revision: Number(event?.revision ?? revision),
    reason: typeof metadata.reason === 'string' ? metadata.reason.replace(CLIENT_PARKED, '') : '',
    parkedAt: Number.isNaN(added.getTime()) ? link.created : added,
  };
}

type LinkEvent = { readonly data: unknown; readonly metadata?: unknown; readonly created: Date };
type LinkedEvent = {
  readonly id: string;
  readonly type: string;
  readonly streamId: string;
  readonly revision: bigint;
};

function toNumber(position: Position | undefined): number | null {
  return position ? Number(position.commit) : null;
}
