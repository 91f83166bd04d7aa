import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import { LRUCache } from 'lru-cache';
import type { Collection } from 'mongodb';
import { MongoBulkWriteError } from 'mongodb';
import { decodeOrderEvent, type StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { UnreadableEventError } from '../../eventstoredb/errors.ts';
import type { StreamStore } from '../../eventstoredb/streams.ts';
import { isOnlyDuplicates } from '../errors.ts';
import {
  addToDay,
  type AnalyticsDayDocument,
  type AnalyticsItemDocument,
  type Contribution,
  contributionOf,
  dayOf,
  itemId,
} from './document.ts';

/** A contribution, the day it counts for, and where its event is in the log. */
export interface Counted {
  readonly day: string;
  readonly contribution: Contribution;
  readonly position: number;
}

/** Finds out what each event of the log, in its order, counts for. */
export interface AnalyticsReader {
  read(events: readonly AllStreamRecordedEvent[]): Promise<Counted[]>;
  /** Orders with an event that cannot be read: nothing after it counts, as in the orders' own read model. */
  readonly stalled: ReadonlySet<string>;
}

const MOST_KNOWN_DAYS = 20_000;

/**
 * An event counts for the day on which its order was placed. Only the first event of the order says which day that
 * is; it never changes, so that it can be remembered.
 */
export function createAnalyticsReader(
  streams: Pick<StreamStore, 'readRecorded'>,
  stalledBefore: Iterable<string> = [],
): AnalyticsReader {
  const days = new LRUCache<string, string>({ max: MOST_KNOWN_DAYS });
  const stalled = new Set(stalledBefore);
  return {
    stalled,
    async read(events) {
      const counted: Counted[] = [];
      for (const event of events) {
        if (stalled.has(event.streamId)) continue;
        try {
          const stored = decodeOrderEvent(event);
          const day = await dayOfOrder(stored);
          const contribution = contributionOf(stored.event);
          if (contribution) counted.push({ day, contribution, position: Number(event.position.commit) });
        } catch (error) {
          if (!(error instanceof UnreadableEventError)) throw error;
          stalled.add(event.streamId);
        }
      }
      return counted;
    },
  };

  /** @throws UnreadableEventError when the order does not begin by being placed, or is placed again */
  async function dayOfOrder({ stream, revision, event }: StoredOrderEvent): Promise<string> {
    if ((revision === 0) !== (event.type === 'PizzaOrderPlaced')) {
      throw new UnreadableEventError(`${event.type} cannot be at revision ${revision} of ${stream}`);
    }
    const known = event.type === 'PizzaOrderPlaced' ? dayOf(event.data.placedAt) : days.get(stream);
    const day = known ?? (await readDay(stream));
    days.set(stream, day);
    return day;
  }

  async function readDay(stream: string): Promise<string> {
    const [first] = await streams.readRecorded(stream, { maxCount: 1 });
    const placed = first && decodeOrderEvent(first).event;
    if (placed?.type !== 'PizzaOrderPlaced') throw new UnreadableEventError(`${stream} does not begin by being placed`);
    return dayOf(placed.data.placedAt);
  }
}

export interface AnalyticsTarget {
  readonly days: Collection<AnalyticsDayDocument>;
  readonly items: Collection<AnalyticsItemDocument>;
}

interface ItemCount {
  readonly id: string;
  readonly day: string;
  readonly name: string;
  readonly sold: number;
  readonly position: number;
}

/**
 * Adds contributions, which must be in the order of the log, to the documents of their days and items.
 *
 * A document carries the position of the last event it has counted, and a save is guarded by the position it started
 * from. All readers go through the log in the same order, so that what lies at or before a document's position has
 * been counted, by whomever: reading again after a crash, or several instances at once, count nothing twice.
 */
export async function projectAnalytics({ days, items }: AnalyticsTarget, counted: readonly Counted[]): Promise<void> {
  const ofDays = counted.map((entry) => ({ id: entry.day, ...entry }));
  const ofItems = counted.flatMap(({ day, contribution, position }) =>
    [...contribution.items].map(([name, sold]): ItemCount => ({ id: itemId(day, name), day, name, sold, position })),
  );
  await Promise.all([
    apply(days, ofDays, (document, { id, contribution, position }) => addToDay(document, id, contribution, position)),
    apply(items, ofItems, (document, { id, day, name, sold, position }) => ({
      _id: id,
      day,
      name,
      sold: (document?.sold ?? 0) + sold,
      position,
    })),
  ]);
}

async function apply<
  Document extends { readonly _id: string; readonly position: number },
  Entry extends { readonly id: string; readonly position: number },
>(
  collection: Collection<Document>,
  entries: readonly Entry[],
  add: (document: Document | undefined, entry: Entry) => Document,
): Promise<void> {
  let open = entries;
  while (open.length > 0) {
    const ids = [...new Set(open.map(({ id }) => id))];
    const found = (await collection.find({ _id: { $in: ids } } as object).toArray()) as unknown as Document[];
    const before = new Map(found.map((document) => [document._id, document]));
    const after = new Map<string, Document>();
    for (const entry of open) {
      const seen = before.get(entry.id)?.position ?? -1;
      if (entry.position <= seen) continue;
      after.set(entry.id, add(after.get(entry.id) ?? before.get(entry.id), entry));
    }
    const isSaved = await save(collection, before, after);
    open = isSaved ? [] : open.filter(({ id }) => after.has(id));
  }
}

/** @returns false when another reader saved one of the documents first */
async function save<Document extends { readonly _id: string; readonly position: number }>(
  collection: Collection<Document>,
  before: ReadonlyMap<string, Document>,
  after: ReadonlyMap<string, Document>,
): Promise<boolean> {
  if (after.size === 0) return true;
  const writes = [...after.values()].map((document) => {
    const { _id, ...fields } = document;
    const from = before.get(_id);
    return from
      ? { updateOne: { filter: { _id, position: from.position }, update: { $set: fields } } }
      : { insertOne: { document } };
  });
  try {
    const { insertedCount, matchedCount } = await collection.bulkWrite(writes as never, { ordered: false });
    return insertedCount + matchedCount === after.size;
  } catch (error) {
    if (error instanceof MongoBulkWriteError && isOnlyDuplicates(error)) return false;
    throw error;
  }
}
