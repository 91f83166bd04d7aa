import type { RecordedEvent } from '@eventstore/db-client';
import { type Collection, MongoServerError } from 'mongodb';
import { createAuditIndexes, createOrderIndexes } from '../database.ts';
import type { AuditDocument } from '../audit/document.ts';
import { fromStored, readLog, toStored } from './log-reader.ts';
import { isOfOrders } from '../live/consumer-group.ts';
import type { CustomerDocument } from '../customers/document.ts';
import { gapReader } from '../live/deliveries.ts';
import { gatherAudit } from '../audit/gather.ts';
import { gatherCustomers } from '../customers/gather.ts';
import { gatherOrders } from '../orders/gather.ts';
import { GATHERED_PAGE, type Gatherer, gatherLog, only, together } from './gather.ts';
import type { OrderDocument } from '../orders/document.ts';
import { project } from '../project.ts';
import type { ReadModelName } from '../index.ts';
import { createRecentOrders } from '../orders/recent.ts';
import type { RebuildContext } from './rebuild.ts';
import type { Lease } from './lease.ts';

/** A collection that is filled beside the live one, to take its place. */
interface Shadow {
  readonly collection: Collection<{ _id: string }>;
  createIndexes(): Promise<void>;
  readonly gatherer: Gatherer;
  /** So many documents of streams that begin with an event that can be read. */
  count(): Promise<number>;
}

const NAMESPACE_NOT_FOUND = 26;

/**
 * Fills a new collection from the log while the old one serves and is projected into, puts it in the old one's place,
 * and then brings what was written into the old one meanwhile into it: reading on from where the filling stopped to
 * the end that the log has after the swap. All projections are guarded by revisions, so that none is counted twice.
 *
 * @throws Error when documents are missing in the end; the old collection stays
 */
export async function rebuildByShadow(
  context: RebuildContext,
  name: Exclude<ReadModelName, 'analytics'>,
  lease: Lease,
): Promise<void> {
  const shadow = shadowOf(context, name);
  const isFilling = lease.state().phase === 'filling';
  if (isFilling) await fill(context, shadow, lease);
  if (!isFilling && (await isSwapped(shadow, lease))) await shadow.collection.drop();
  else await swap(context, name, shadow, lease);
  for await (const { events, position } of pages(context, lease)) {
    await project(context, events);
    await lease.save({ position: toStored(position), events: lease.state().events + events.length });
  }
}

async function fill(context: RebuildContext, shadow: Shadow, lease: Lease): Promise<void> {
  if (lease.state().position === null) {
    await shadow.collection.drop();
    await shadow.createIndexes();
  }
  await gatherLog(pages(context, lease, GATHERED_PAGE), shadow.gatherer, async ({ events, streams, position }) => {
    const state = lease.state();
    await lease.save({
      position: toStored(position),
      events: state.events + events,
      streams: state.streams + streams,
    });
  });
  const documents = await shadow.count();
  const { streams } = lease.state();
  if (documents !== streams) {
    throw new Error(`${documents} documents were made of ${streams} streams: the old ones stay`);
  }
  await lease.save({ phase: 'swapping', documents });
}

/** After a crash: fewer than were counted are a slow process's last writes, since the rest has taken its place. */
async function isSwapped(shadow: Shadow, lease: Lease): Promise<boolean> {
  return (await shadow.count()) < lease.state().documents;
}

/** Also where a process died in the midst of it. */
async function swap(context: RebuildContext, name: string, shadow: Shadow, lease: Lease): Promise<void> {
  try {
    await lease.save({});
    await shadow.collection.rename(name, { dropTarget: true });
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_NOT_FOUND) throw error;
  }
  context.log.info({ readModel: name, documents: lease.state().documents }, 'the rebuilt read model serves');
}

/** What the log has after the rebuild's position. */
async function* pages({ client, streamPrefix, signal }: RebuildContext, lease: Lease, eventsPerPage?: number) {
  const { position } = lease.state();
  const from = position === null ? undefined : fromStored(position);
  for await (const page of readLog(client, streamPrefix, from, eventsPerPage)) {
    signal.throwIfAborted();
    yield page;
  }
}

function shadowOf(context: RebuildContext, name: Exclude<ReadModelName, 'analytics'>): Shadow {
  const { database, streams, streamPrefix } = context;
  const readGap = gapReader(streams);
  const isOfOrder = isOfOrders(streamPrefix);
  const isOfCustomer = (event: RecordedEvent) => !isOfOrder(event);
  const collectionName = `${name}_rebuild`;
  switch (name) {
    case 'orders': {
      const orders = database.db.collection<OrderDocument>(collectionName);
      const target = { orders, customers: database.customers, readGap, recent: createRecentOrders() };
      return {
        collection: orders as unknown as Shadow['collection'],
        createIndexes: () => createOrderIndexes(orders),
        // Details of customers that change during the rebuild must reach these orders as well.
        gatherer: together(only(isOfOrder, gatherOrders(target)), only(isOfCustomer, gatherCustomers(target))),
        async count() {
          // An order whose first event cannot be read has a document too, which says so.
          const [all, unreadable] = await Promise.all([
            orders.countDocuments({}),
            orders.countDocuments({ 'stalled.revision': 0 }),
          ]);
          return all - unreadable;
        },
      };
    }
    case 'customers': {
      const customers = database.db.collection<CustomerDocument>(collectionName);
      return {
        collection: customers as unknown as Shadow['collection'],
        // It must be there to take the old one's place, even without a customer.
        async createIndexes() {
          await database.db.createCollection(collectionName);
        },
        gatherer: only(isOfCustomer, gatherCustomers({ customers, orders: undefined, readGap })),
        count: () => customers.countDocuments({}),
      };
    }
    case 'audit': {
      const audit = database.db.collection<AuditDocument>(collectionName);
      return {
        collection: audit as unknown as Shadow['collection'],
        createIndexes: () => createAuditIndexes(audit),
        gatherer: only(isOfOrder, gatherAudit(audit)),
        count: () => audit.countDocuments({ revision: 0 }),
      };
    }
    default:
      return name satisfies never;
  }
}
