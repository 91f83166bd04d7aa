import type { RecordedEvent } from '@eventstore/db-client';
import type { Collection } from 'mongodb';
import { decodeEvent, isCustomerEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import { isDuplicateKey } from '../errors.ts';
import { type CustomerDocument, evolveCustomerDocument } from './document.ts';
import { groupBy, inRevisionOrder, type Outcome, type ReadGap, reasonOf } from '../live/deliveries.ts';
import type { OrderDocument } from '../orders/document.ts';
import { showCustomer } from '../orders/save.ts';

export interface CustomerTarget {
  readonly customers: Collection<CustomerDocument>;
  /** Whose orders show the customer; undefined where only the customers are built. */
  readonly orders: Collection<OrderDocument> | undefined;
  readonly readGap: ReadGap;
}

/**
 * Brings the documents of some customers, and the orders that show them, up to the events given; any order of
 * delivery, any number of times. A customer's stream is short, so that one customer is saved at a time.
 */
export async function projectCustomers(target: CustomerTarget, events: readonly RecordedEvent[]): Promise<Outcome[]> {
  const stalls = new Map<string, { revision: bigint; reason: string }>();
  for (const [stream, ofStream] of groupBy(events, ({ streamId }) => streamId)) {
    let customer: CustomerDocument | undefined;
    for (const event of inRevisionOrder(ofStream)) {
      try {
        customer = await projectOne(target, event);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        stalls.set(stream, { revision: event.revision, reason: reasonOf(error) });
        break;
      }
    }
    // Also for a duplicate: a crash may have come between the customer's save and this one.
    if (customer && target.orders) await showCustomer(target.orders, customer);
  }
  return events.map(({ streamId, revision }) => {
    const stall = stalls.get(streamId);
    return stall && revision >= stall.revision ? { type: 'park', reason: stall.reason } : { type: 'done' };
  });
}

/** Whether a customer's document begins with it: an event that can be read, the first one of its stream. */
export function beginsCustomer(event: RecordedEvent): boolean {
  if (event.revision !== 0n) return false;
  try {
    foldNext(undefined, event);
    return true;
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof UnreadableEventError || error instanceof TypeError;
}

async function projectOne(
  { customers, readGap }: CustomerTarget,
  event: RecordedEvent,
): Promise<CustomerDocument | undefined> {
  const id = event.streamId.slice(event.streamId.indexOf('Customer-') + 'Customer-'.length);
  for (;;) {
    const found = (await customers.findOne({ _id: id })) ?? undefined;
    const seen = found?.revision ?? -1;
    const at = Number(event.revision);
    if (at <= seen) return found;
    const missing = at > seen + 1 ? await readGap(event.streamId, seen + 1, at - seen - 1) : [];
    const folded = [...missing, event].reduce(foldNext, found);
    if (!folded || (await save(customers, found, folded))) return folded;
  }
}

function foldNext(document: CustomerDocument | undefined, recorded: RecordedEvent): CustomerDocument {
  const next = (document?.revision ?? -1) + 1;
  if (Number(recorded.revision) !== next)
    throw new UnreadableEventError(`revision ${next} is missing from ${recorded.streamId}`);
  const stored = decodeEvent(recorded);
  if (!isCustomerEvent(stored))
    throw new UnreadableEventError(`${recorded.type} does not belong in ${recorded.streamId}`);
  return evolveCustomerDocument(document, stored);
}

/** @returns false when another worker saved the customer first */
async function save(
  customers: Collection<CustomerDocument>,
  from: CustomerDocument | undefined,
  to: CustomerDocument,
): Promise<boolean> {
  if (from) return (await customers.replaceOne({ _id: to._id, revision: from.revision }, to)).matchedCount === 1;
  try {
    await customers.insertOne(to);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}
