import type { AllStreamRecordedEvent, EventStoreDBClient } from '@eventstore/db-client';
import type { Db } from 'mongodb';
import { withTimeLimit } from '../../eventstoredb/client.ts';
import { STORE_TIME_LIMIT_MS } from '../../time-limit.ts';
import { inOneStep } from '../database.ts';
import { readLog } from '../log-reader.ts';
import { logMarks } from '../rebuild/log-mark.ts';

/** Greater than any position. */
const END = 2n ** 63n;

/**
 * Pages of the events that a group takes for done and nobody has projected: those after the last one that it delivered,
 * up to the group's checkpoint. EventStoreDB 23.10.6 makes them: while nobody consumes, it moves the checkpoint of a
 * group with a filter on past events that wait, and after a restart it never delivers them. And where MongoDB was
 * restored to an earlier point, all that comes after it.
 *
 * @param known position of an event that was delivered and projected; −1: none is known
 * @throws EventStoreUnavailableError, ReadModelsUnavailableError
 */
export async function* passedOver(
  client: EventStoreDBClient,
  db: Db,
  group: string,
  prefixes: readonly string[],
  known: number,
): AsyncGenerator<readonly AllStreamRecordedEvent[], void, void> {
  const [mark, { stats }] = await Promise.all([
    // Before the group has delivered anything since the last upgrade, there is the mark of all that was projected.
    inOneStep(logMarks(db).findOne({ _id: { $in: ['delivered', 'log'] } }, { sort: { position: 1 } })),
    withTimeLimit(STORE_TIME_LIMIT_MS, client.getPersistentSubscriptionToAllInfo(group)),
  ]);
  const isRestored = (mark?.position ?? -1) < known;
  const checkpoint = isRestored ? END : (stats.lastCheckpointedEventPosition?.commit ?? 0n);
  const last = BigInt(mark?.position ?? (isRestored ? 0 : checkpoint));
  if (checkpoint <= last) return;
  for await (const { events } of readLog(client, prefixes, { commit: last, prepare: last })) {
    const passed = events.filter(({ position }) => position.commit <= checkpoint);
    if (passed.length > 0) yield passed;
    if (passed.length < events.length) return;
  }
}
