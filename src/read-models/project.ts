import type { AllStreamRecordedEvent, RecordedEvent } from '@eventstore/db-client';
import { decodeOrderEvent, type StoredOrderEvent } from '../eventstoredb/codec.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import type { Database } from './database.ts';
import { isOfOrders } from './live/consumer-group.ts';
import { gapReader, type Outcome } from './live/deliveries.ts';
import { projectAudit } from './audit/project.ts';
import { projectCustomers } from './customers/project.ts';
import { projectOrders } from './orders/project.ts';
import type { RecentOrders } from './orders/recent.ts';

export interface ProjectOptions {
  readonly streams: Pick<StreamStore, 'readRecorded'>;
  readonly database: Pick<Database, 'orders' | 'customers' | 'audit'>;
  readonly streamPrefix: string;
  /** Of this reader alone, while it reads the live collection: one that fills in for another must read documents. */
  readonly recent?: RecentOrders | undefined;
}

/**
 * Projects events into every read model that follows the consumer group: in any order, any number of times.
 *
 * @returns what became of each event, by its place in `events`
 */
export async function project(
  { streams, database, streamPrefix, recent }: ProjectOptions,
  events: readonly AllStreamRecordedEvent[],
): Promise<Outcome[]> {
  const isOfOrder = isOfOrders(streamPrefix);
  const ofOrders = events.filter(isOfOrder);
  const ofCustomers = events.filter((event) => !isOfOrder(event));
  const decode = decodingOnce();
  const target = { ...database, readGap: gapReader(streams), recent, decode };
  const customers = await projectCustomers(target, ofCustomers);
  const [orders] = await Promise.all([projectOrders(target, ofOrders), projectAudit(database.audit, ofOrders, decode)]);
  const outcomes = new Map<AllStreamRecordedEvent, Outcome | undefined>([
    ...ofOrders.map((event, index) => [event, orders[index]] as const),
    ...ofCustomers.map((event, index) => [event, customers[index]] as const),
  ]);
  return events.map((event) => outcomes.get(event) ?? { type: 'done' });
}

/** Two read models are made of one event: it is checked and lifted for both at once. */
function decodingOnce(): (event: RecordedEvent) => StoredOrderEvent {
  const decoded = new Map<RecordedEvent, StoredOrderEvent>();
  return (event) => {
    let stored = decoded.get(event);
    if (!stored) decoded.set(event, (stored = decodeOrderEvent(event)));
    return stored;
  };
}
