import { ErrorType, START, streamNameFilter, UNBOUNDED, PINNED } from '@eventstore/db-client';
import { withTimeLimit } from "../../eventstoredb/client.js";
import { hasType } from "../../eventstoredb/errors.js";
/**
 * Every setting is stated: the defaults start at the end of the log and park after ten retries, which have no pause
 * between them, so that an outage would park events. Parking is the worker's decision alone.
 */
export const GROUP_SETTINGS = {
    startFrom: START,
    resolveLinkTos: false,
    extraStatistics: false,
    messageTimeout: 30_000,
    maxRetryCount: 1_000_000,
    checkPointAfter: 1000,
    checkPointLowerBound: 10,
    checkPointUpperBound: 1000,
    maxSubscriberCount: UNBOUNDED,
    liveBufferSize: 5000,
    readBatchSize: 500,
    historyBufferSize: 5000,
    consumerStrategyName: PINNED,
};
const TIME_LIMIT_MS = 5000;
/**
 * Creates the consumer group from the start of the log, or compares an existing one's settings with the wanted ones
 * and corrects them. Its filter cannot be changed on a group that exists.
 */
export async function ensureConsumerGroup(client, group, prefixes, log) {
    try {
        await withTimeLimit(TIME_LIMIT_MS, client.createPersistentSubscriptionToAll(group, GROUP_SETTINGS, {
            filter: streamNameFilter({ prefixes }),
        }));
        log.info({ group }, 'consumer group created');
        return 'created';
    }
    catch (error) {
        if (!hasType(error, ErrorType.PERSISTENT_SUBSCRIPTION_EXISTS))
            throw error;
    }
    const { settings } = await withTimeLimit(TIME_LIMIT_MS, client.getPersistentSubscriptionToAllInfo(group));
    const differences = differencesFrom(settings);
    if (differences.length > 0) {
        log.warn({ group, differences }, 'the consumer group had other settings; they are corrected');
        await withTimeLimit(TIME_LIMIT_MS, client.updatePersistentSubscriptionToAll(group, GROUP_SETTINGS));
    }
    return 'existing';
}
/** Names of the settings in which a group differs from `GROUP_SETTINGS`. */
export function differencesFrom(settings) {
    const found = new Map(Object.entries(settings));
    return Object.entries(GROUP_SETTINGS).flatMap(([name, wanted]) => (found.get(name) === wanted ? [] : [name]));
}
