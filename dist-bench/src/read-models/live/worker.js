import { ensureConnected } from "../../eventstoredb/client.js";
import { withTimeLimit } from "../database.js";
import { streamPrefixes, toLogEvent, } from "../read-model.js";
import { projectTogether } from "../together.js";
import { takeBuffered } from "./batches.js";
import { ensureConsumerGroup } from "./consumer-group.js";
import { makeRoom } from "./pacing.js";
import { supervise } from "./supervise.js";
/** Events that the server sends ahead of their acknowledgement. */
const BUFFER_SIZE = 8000;
/** The more, the more often events of one order meet, which are written as one. */
const MOST_PER_BATCH = 4000;
/** After failures, which halve it: one that is too large for its time must not fail for ever. */
const LEAST_PER_BATCH = 250;
/** While requests queue up: none of them shall wait for long behind a batch. */
const MOST_UNDER_PRESSURE = 500;
const BATCH_TIME_LIMIT_MS = 8000;
const CONNECT_TIME_LIMIT_MS = 4000;
/**
 * Consumes the consumer group and projects what comes, for ever. An event is acknowledged after its documents are
 * written, and parked only when it cannot be read or applied, never because a store is away.
 */
export function startWorker(options) {
    const { context, models, group } = options;
    const { client, log, streamPrefix } = context;
    const counts = { inFlight: 0, projected: 0, redelivered: 0, parked: 0 };
    let lastProjectedAt;
    let most = MOST_PER_BATCH;
    let hasStarted = false;
    let isStopped = false;
    let interrupt;
    const supervised = supervise('projection worker', log, async (signal, progress) => {
        await ensureConnected(client, CONNECT_TIME_LIMIT_MS);
        await options.prepare();
        await ensureConsumerGroup(client, group, streamPrefixes(streamPrefix, models), log);
        if (!signal.aborted)
            await consume(signal, progress);
    });
    return {
        status: () => ({ state: state(), lastError: supervised.lastError(), lastProjectedAt, ...counts }),
        async stop() {
            const stopped = supervised.stop();
            interrupt?.();
            await stopped;
            isStopped = true;
        },
    };
    function state() {
        if (isStopped)
            return 'stopped';
        if (supervised.isRunning())
            return 'consuming';
        return hasStarted || supervised.lastError() !== undefined ? 'waiting' : 'starting';
    }
    function mostNow() {
        return options.pressure.isHigh() ? MOST_UNDER_PRESSURE : MOST_PER_BATCH;
    }
    async function consume(signal, progress) {
        const subscription = client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: BUFFER_SIZE }, { highWaterMark: BUFFER_SIZE });
        const projection = projectTogether(models, (model) => model.project(context, model.name));
        // A batch in hand is finished first: the loop looks at the signal after it.
        interrupt = () => {
            if (counts.inFlight === 0)
                subscription.destroy();
        };
        subscription.once('confirmation', () => {
            hasStarted = true;
            progress();
            log.info({ group }, 'projection worker consumes');
        });
        try {
            for await (const first of subscription) {
                const arrived = takeBuffered(subscription, first, Math.min(most, mostNow()));
                const begun = performance.now();
                counts.inFlight = arrived.length;
                await settle(subscription, projection, arrived);
                most = Math.min(MOST_PER_BATCH, most + LEAST_PER_BATCH);
                counts.inFlight = 0;
                await makeRoom(performance.now() - begun, options.pressure.isHigh, signal);
                if (signal.aborted)
                    return;
            }
        }
        catch (error) {
            if (counts.inFlight > 0)
                most = Math.max(LEAST_PER_BATCH, counts.inFlight / 2);
            throw error;
        }
        finally {
            counts.inFlight = 0;
            interrupt = undefined;
            await subscription
                .unsubscribe()
                .catch((error) => log.debug({ err: error }, 'the subscription was gone'));
            subscription.destroy();
        }
    }
    async function settle(subscription, projection, arrived) {
        const batch = arrived.filter((resolved) => resolved.event !== undefined);
        const empty = arrived.filter(({ event }) => event === undefined);
        // A parked event that was deleted since: there is nothing left to project.
        if (empty.length > 0)
            await subscription.ack(...empty);
        if (batch.length === 0)
            return;
        counts.redelivered += batch.filter(({ retryCount }) => retryCount > 0).length;
        const stalls = await withTimeLimit(BATCH_TIME_LIMIT_MS, project(projection, batch));
        const isStalled = ({ event }) => Number(event.revision) >= (stalls.get(event.streamId)?.revision ?? Number.POSITIVE_INFINITY);
        const done = stalls.size === 0 ? batch : batch.filter((delivery) => !isStalled(delivery));
        if (done.length > 0)
            await subscription.ack(...done);
        for (const delivery of stalls.size === 0 ? [] : batch.filter(isStalled)) {
            const { streamId, revision, id } = delivery.event;
            const reason = stalls.get(streamId)?.reason ?? '';
            log.error({ stream: streamId, revision: Number(revision), eventId: id, reason }, 'event parked');
            await subscription.nack('park', reason, delivery);
            counts.parked += 1;
        }
        counts.projected += done.length;
        lastProjectedAt = new Date();
    }
    async function project(projection, batch) {
        await projection.add(batch.map(({ event }) => toLogEvent(streamPrefix, event)));
        return projection.write();
    }
}
