import { createHash } from 'node:crypto';
import { ErrorType, type EventStoreDBClient, START, streamNameFilter, UNBOUNDED, PINNED } from '@eventstore/db-client';
import type { Logger } from 'pino';
import { withTimeLimit } from '../../eventstoredb/client.ts';
import { hasType } from '../../eventstoredb/errors.ts';

/**
 * Every setting is stated, because the defaults start at the end of the log and park an event after ten retries without
 * a pause, so an outage would park events. Only the worker decides what to park.
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
} as const;

const TIME_LIMIT_MS = 5000;

/**
 * Name of the group that gets the streams with these prefixes. EventStoreDB neither changes nor tells the filter of a
 * group that exists, so that another filter is another group, which begins at the start of the log.
 *
 * @param name what the groups of all filters have in common (CONSUMER_GROUP)
 */
export function groupOf(name: string, prefixes: readonly string[]): string {
  const filter = createHash('sha256').update([...prefixes].sort().join('\n'));
  return `${name}-${filter.digest('hex').slice(0, 8)}`;
}

/**
 * Creates the consumer group from the start of the log, or corrects the settings of an existing one.
 */
export async function ensureConsumerGroup(
  client: EventStoreDBClient,
  group: string,
  prefixes: string[],
  log: Logger,
): Promise<'created' | 'existing'> {
  try {
    await withTimeLimit(
      TIME_LIMIT_MS,
      client.createPersistentSubscriptionToAll(group, GROUP_SETTINGS, {
        filter: streamNameFilter({ prefixes }),
      }),
    );
    log.info({ group }, 'consumer group created');
    return 'created';
  } catch (error) {
    if (!hasType(error, ErrorType.PERSISTENT_SUBSCRIPTION_EXISTS)) throw error;
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
export function differencesFrom(settings: object): string[] {
  const found = new Map<string, unknown>(Object.entries(settings));
  return Object.entries(GROUP_SETTINGS).flatMap(([name, wanted]) => (found.get(name) === wanted ? [] : [name]));
}
