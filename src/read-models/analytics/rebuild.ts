import { ANALYTICS, FIRST_GENERATION } from './queries.ts';
import { analyticsOf, createAnalyticsIndexes } from '../database.ts';
import { ANALYTICS_VERSION, countBatch, dropAnalytics } from './follower.ts';
import { fromStored, readLog, toStored } from '../rebuild/log-reader.ts';
import { isOfOrders } from '../live/consumer-group.ts';
import { createAnalyticsReader } from './project.ts';
import type { RebuildContext } from '../rebuild/rebuild.ts';
import type { Lease } from '../rebuild/lease.ts';

/**
 * Counts the whole log into collections of the next generation while the present ones serve, then makes those the
 * live ones together with the position that they have reached: the followers go on from there.
 */
export async function rebuildAnalytics(context: RebuildContext, lease: Lease): Promise<void> {
  const { database, log } = context;
  const { generation, phase } = lease.state();
  if (phase === 'filling') {
    await fill(context, lease);
    await lease.save({ phase: 'swapping' });
  }
  const { position, stalled, events } = lease.state();
  const live = await database.projections.findOne({ _id: ANALYTICS });
  const before = live?.generation ?? FIRST_GENERATION;
  if (before !== generation) {
    if (before !== generation - 1) throw new Error(`generation ${before} is live, not the one before ${generation}`);
    const flipped = await database.projections.updateOne(
      { _id: ANALYTICS, generation: before },
      {
        $set: { generation, version: ANALYTICS_VERSION, builtAt: new Date(), stalled, ...(position && { position }) },
        ...(position === null && { $unset: { position: true as const } }),
      },
    );
    if (flipped.matchedCount === 0) throw new Error('other figures became the live ones meanwhile');
    log.info({ readModel: 'analytics', generation, events }, 'the rebuilt read model serves');
  }
  await dropAnalytics(analyticsOf(database.db, generation - 1));
}

async function fill({ client, database, streams, streamPrefix, signal }: RebuildContext, lease: Lease): Promise<void> {
  const { generation, position, stalled } = lease.state();
  const target = analyticsOf(database.db, generation);
  if (position === null) {
    await dropAnalytics(target);
    await createAnalyticsIndexes(target.items);
  }
  const reader = createAnalyticsReader(streams, stalled);
  for await (const page of readLog(client, streamPrefix, position === null ? undefined : fromStored(position))) {
    signal.throwIfAborted();
    const ofOrders = page.events.filter(isOfOrders(streamPrefix));
    await countBatch(target, reader, ofOrders);
    await lease.save({
      position: toStored(page.position),
      events: lease.state().events + ofOrders.length,
      stalled: [...reader.stalled],
    });
  }
}
