import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { StreamStore } from '../eventstoredb/streams.ts';
import type { Database } from '../mongodb/database.ts';
import type { Outcome } from './deliveries.ts';
import { projectAudit } from './project-audit.ts';
import { projectCustomers } from './project-customers.ts';
import { projectOrders } from './project-orders.ts';

export interface ProjectOptions {
  readonly streams: Pick<StreamStore, 'readRecorded'>;
  readonly database: Pick<Database, 'orders' | 'customers' | 'audit'>;
  readonly streamPrefix: string;
}

/**
 * Projects events into every read model that follows the consumer group: in any order, any number of times.
 *
 * @returns what became of each event, by its place in `events`
 */
export async function project(
  { streams, database, streamPrefix }: ProjectOptions,
  events: readonly AllStreamRecordedEvent[],
): Promise<Outcome[]> {
  const isOrder = ({ streamId }: AllStreamRecordedEvent) => streamId.startsWith(`${streamPrefix}PizzaOrder-`);
  const ofOrders = events.filter(isOrder);
  const ofCustomers = events.filter((event) => !isOrder(event));
  const readGap = (stream: string, from: number, count: number) =>
    streams.readRecorded(stream, { from, maxCount: count });
  const target = { ...database, readGap };
  const customers = await projectCustomers(target, ofCustomers);
  const [orders] = await Promise.all([projectOrders(target, ofOrders), projectAudit(database.audit, ofOrders)]);
  const outcomes = new Map<AllStreamRecordedEvent, Outcome | undefined>([
    ...ofOrders.map((event, index) => [event, orders[index]] as const),
    ...ofCustomers.map((event, index) => [event, customers[index]] as const),
  ]);
  return events.map((event) => outcomes.get(event) ?? { type: 'done' });
}
