import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import { type SpanOptions, SpanKind } from '@opentelemetry/api';
import { ensureConnected, withTimeLimit as withEventStoreTimeLimit } from '../../eventstoredb/client.ts';
import { readMetadata } from '../../eventstoredb/codec.ts';
import { consume as subscribe, type Subscription } from '../../eventstoredb/wire/consume.ts';
import type { ResolvedEvent } from '../../eventstoredb/wire/recorded-event.ts';
import { untilAborted } from '../../interruption.ts';
import { inStoreSpan, inTrace, linksTo, type Trace } from '../../tracing/trace.ts';
import { traceIdIn } from '../../tracing/traceparent.ts';
import { inOneStep, withTimeLimit } from '../database.ts';
import {
  type Projection,
  type ReadModel,
  type ReadModelContext,
  type Stall,
  streamPrefixes,
  toLogEvents,
} from '../read-model.ts';
import { projectTogether } from '../together.ts';
import { deliveredTo, markDelivered, markLog, markOfLast, ReadModelsRestoredError } from '../rebuild/log-mark.ts';
import { ensureConsumerGroup, groupOf } from './consumer-group.ts';
import { makeRoom } from './pacing.ts';
import { passedOver } from './passed-over.ts';
import { untilRestored } from './restored.ts';
import { type Progress, supervise } from './supervise.ts';

export interface WorkerStatus {
  /** Only `consuming` means that events arrive. `rebuilding`: all read models are built anew first; `lastError` says why. */
  readonly state: 'starting' | 'consuming' | 'waiting' | 'stopped' | 'rebuilding';
  readonly lastError: string | undefined;
  readonly inFlight: number;
  readonly projected: number;
  readonly redelivered: number;
  readonly parked: number;
  readonly lastProjectedAt: Date | undefined;
}

export interface Worker {
  status(): WorkerStatus;
  /** Finishes and acknowledges the current batch, then ends the subscription. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly context: ReadModelContext;
  readonly models: readonly ReadModel[];
  /** What the names of its groups begin with: see `groupOf`. */
  readonly group: string;
  /** Runs before each start of consuming, and puts in place what must be there first. `say` why read models are built anew. */
  readonly prepare: (signal: AbortSignal, say: (why: string) => void) => Promise<void>;
  /** While requests queue, they come first. */
  readonly pressure: { readonly isHigh: () => boolean };
}

/** Unacknowledged events that the server may send. */
const BUFFER_SIZE = 8000;
/** The larger a batch, the more events of one order are in it, which are written as one update. */
const MOST_PER_BATCH = 4000;
/** A failure halves the batch, down to this: one that is too large for its time limit must not fail for ever. */
const LEAST_PER_BATCH = 250;
/** While requests queue, so that none of them waits long behind a batch. */
const MOST_UNDER_PRESSURE = 500;
const BATCH_TIME_LIMIT_MS = 8000;
const CONNECT_TIME_LIMIT_MS = 4000;

type Delivery = ResolvedEvent & { readonly event: AllStreamRecordedEvent };

/**
 * Consumes the consumer group and projects what comes, for ever. An event is acknowledged after its documents are
 * written, and parked only when it cannot be read or applied, never because a store is away.
 */
export function startWorker(options: WorkerOptions): Worker {
  const { context, models } = options;
  const { client, log, streamPrefix } = context;
  const prefixes = streamPrefixes(streamPrefix, models);
  const group = groupOf(options.group, prefixes);
  const counts = { inFlight: 0, projected: 0, redelivered: 0, parked: 0 };
  let lastProjectedAt: Date | undefined;
  let most = MOST_PER_BATCH;
  let hasStarted = false;
  let isStopped = false;
  let interrupt: (() => void) | undefined;
  let builtAnew: string | undefined;
  /** Position that is noted as delivered, as far as this process knows; −1: none. */
  let delivered = -1;

  const supervised = supervise('projection worker', log, async (signal, progress) => {
    await ensureConnected(client, CONNECT_TIME_LIMIT_MS);
    await options.prepare(signal, (why) => (builtAnew = why));
    await ensureConsumerGroup(client, group, prefixes, log);
    if (!signal.aborted) await consume(signal, progress);
  });

  return {
    status: () => ({ state: state(), lastError: builtAnew ?? supervised.lastError(), lastProjectedAt, ...counts }),
    async stop() {
      const stopped = supervised.stop();
      interrupt?.();
      await stopped;
      isStopped = true;
    },
  };

  function state(): WorkerStatus['state'] {
    if (isStopped) return 'stopped';
    if (supervised.isRunning()) return 'consuming';
    if (builtAnew !== undefined) return 'rebuilding';
    return hasStarted || supervised.lastError() !== undefined ? 'waiting' : 'starting';
  }

  function mostNow(): number {
    return options.pressure.isHigh() ? MOST_UNDER_PRESSURE : MOST_PER_BATCH;
  }

  async function consume(signal: AbortSignal, progress: Progress): Promise<void> {
    const opening = subscribe(client, {
      group,
      bufferSize: BUFFER_SIZE,
      onConfirmation() {
        hasStarted = true;
        builtAnew = undefined;
        progress();
        log.info({ group }, 'projection worker consumes');
      },
    });
    const subscription = await withEventStoreTimeLimit(CONNECT_TIME_LIMIT_MS, opening, () => {
      opening.then((late) => late.unsubscribe()).catch(() => undefined); // it would take events and keep them
    });
    const projection = projectTogether(models, (model) => model.project(context, model.name));
    // The current batch is finished first: the loop checks the signal after it.
    interrupt = () => {
      if (counts.inFlight === 0) subscription.unsubscribe();
    };
    const ending = new AbortController();
    let isRestored = false as boolean; // set by a callback
    try {
      const passed = passedOver(client, context.db, group, prefixes, delivered);
      for await (const events of untilAborted(signal, passed)) {
        log.warn({ group, events: events.length }, 'the group passed over events that were not projected');
        const { stalls } = await project(projection, events, -1, undefined);
        for (const [stream, stall] of stalls) log.error({ stream, ...stall }, 'passed over, and cannot be projected');
      }
      delivered = await inOneStep(deliveredTo(context.db));
      signal.throwIfAborted(); // it may have been before there was anything to interrupt
      void untilRestored(context.db, models, () => delivered, ending.signal).then((restored) => {
        isRestored = restored;
        if (restored) subscription.unsubscribe();
      });
      for await (const arrived of subscription.batches(() => Math.min(most, mostNow()))) {
        const begun = performance.now();
        counts.inFlight = arrived.length;
        await settle(subscription, projection, arrived);
        most = Math.min(MOST_PER_BATCH, most + LEAST_PER_BATCH);
        counts.inFlight = 0;
        await makeRoom(performance.now() - begun, options.pressure.isHigh, signal);
        if (signal.aborted) return;
      }
      if (isRestored) throw new ReadModelsRestoredError();
    } catch (error) {
      if (counts.inFlight > 0) most = Math.max(LEAST_PER_BATCH, counts.inFlight / 2);
      throw error;
    } finally {
      ending.abort();
      counts.inFlight = 0;
      interrupt = undefined;
      subscription.unsubscribe();
    }
  }

  async function settle(
    subscription: Subscription,
    projection: Projection,
    arrived: readonly ResolvedEvent[],
  ): Promise<void> {
    const batch = arrived.filter((resolved): resolved is Delivery => resolved.event !== undefined);
    const empty = arrived.filter(({ event }) => event === undefined);
    // A parked event that was deleted since: there is nothing left to project.
    if (empty.length > 0) subscription.ack(empty);
    if (batch.length === 0) return;
    counts.redelivered += batch.filter(({ retryCount }) => retryCount > 0).length;
    const span = context.tracing ? spanOf(batch) : {};
    const { stalls, position } = await inTrace(context.tracing, 'project batch', span, (trace) =>
      project(projection, eventsOf(batch), delivered, trace),
    );
    delivered = position;
    const isStalled = ({ event }: Delivery) =>
      Number(event.revision) >= (stalls.get(event.streamId)?.revision ?? Number.POSITIVE_INFINITY);
    const done = stalls.size === 0 ? batch : batch.filter((delivery) => !isStalled(delivery));
    if (done.length > 0) subscription.ack(done);
    for (const delivery of stalls.size === 0 ? [] : batch.filter(isStalled)) {
      const { streamId, revision, id } = delivery.event;
      const reason = stalls.get(streamId)?.reason ?? '';
      const traceId = traceIdIn(readMetadata(delivery.event.metadata));
      log.error({ stream: streamId, revision: Number(revision), eventId: id, traceId, reason }, 'event parked');
      subscription.nack('park', reason, [delivery]);
      counts.parked += 1;
    }
    counts.projected += done.length;
    lastProjectedAt = new Date();
  }

  function project(
    projection: Projection,
    events: readonly AllStreamRecordedEvent[],
    known: number,
    trace: Trace | undefined,
  ): Promise<{ readonly stalls: ReadonlyMap<string, Stall>; readonly position: number }> {
    const projecting = async () => {
      await projection.add(await toLogEvents(context, events));
      const [{ stalls }, , position] = await inStoreSpan(trace, 'mongodb', 'write', 'read models', async () => {
        const writing = projection.write();
        const mark = markOfLast(events);
        // What was passed over is not delivered again: it must not be noted and then not be written.
        if (known < 0) await writing;
        return Promise.all([writing, markLog(context.db, mark), markDelivered(context.db, mark, known)]);
      });
      return { stalls, position };
    };
    return withTimeLimit(BATCH_TIME_LIMIT_MS, projecting());
  }

  function spanOf(batch: readonly Delivery[]): SpanOptions {
    const { links, omitted } = linksTo(eventsOf(batch).map(({ metadata }) => readMetadata(metadata).traceparent));
    const attributes = {
      'messaging.system': 'eventstoredb',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': group,
      'messaging.batch.message_count': batch.length,
      'pizzeria.redelivered': batch.filter(({ retryCount }) => retryCount > 0).length,
      'pizzeria.links_omitted': omitted,
    };
    return { kind: SpanKind.CONSUMER, attributes, links };
  }
}

function eventsOf(batch: readonly Delivery[]): AllStreamRecordedEvent[] {
  return batch.map(({ event }) => event);
}
