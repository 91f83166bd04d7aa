import { codes, MongoError } from '../errors.ts';
import type { IndexPlan, Plan } from '../query/plan.ts';
import type { Collection, Row } from './collection.ts';
import type { Index } from './index-entry.ts';

/** What a read has cost so far, for `explain`. */
export interface ScanCounters {
  keys: number;
  documents: number;
}

/**
 * Reads the rows of a plan, some at a time, so that no SQLite cursor stays open between commands and a drop is seen.
 *
 * @param expected how many rows the caller is likely to take; the first read is not much larger
 * @throws MongoError QueryPlanKilled when the collection is dropped meanwhile
 */
export function* scan(
  collection: Collection,
  plan: Plan,
  expected: number,
  counters: ScanCounters = { keys: 0, documents: 0 },
): Generator<Row, void, undefined> {
  if (plan.kind === 'index') yield* scanIndex(collection, plan, expected, counters);
  else yield* scanAll(collection, plan.reverse, expected, counters);
}

const largestChunk = 1000;

function* scanAll(collection: Collection, reverse: boolean, expected: number, counters: ScanCounters): Generator<Row> {
  let limit = Math.min(expected, largestChunk);
  let after = reverse ? Number.MAX_SAFE_INTEGER : 0;
  for (;;) {
    assertThere(collection);
    const rows = collection.chunk(after, limit, reverse);
    for (const [rid, body] of rows) {
      counters.documents += 1;
      yield { rid, body };
      after = rid;
    }
    if (rows.length < limit) return;
    limit = Math.min(limit * 4, largestChunk);
  }
}

function* scanIndex(collection: Collection, plan: IndexPlan, expected: number, counters: ScanCounters): Generator<Row> {
  const seen = plan.index.multikey ? new Set<number>() : undefined;
  let limit = Math.min(expected, largestChunk);
  for (const range of plan.reverse ? plan.ranges.toReversed() : plan.ranges) {
    const end = plan.reverse ? range.low : range.high;
    let place = { key: plan.reverse ? range.high : range.low, rid: -1 };
    for (;;) {
      assertThere(collection, plan.index);
      const rows = collection.indexChunk(plan.index, place, end, limit, plan.reverse);
      for (const [key, rid, body] of rows) {
        counters.keys += 1;
        place = { key, rid };
        if (seen !== undefined) {
          if (seen.has(rid)) continue;
          seen.add(rid);
        }
        counters.documents += 1;
        yield { rid, body };
      }
      if (rows.length < limit) break;
      limit = Math.min(limit * 4, largestChunk);
    }
  }
}

function assertThere(collection: Collection, index?: Index): void {
  if (index !== undefined && !collection.indexes.includes(index)) {
    throw new MongoError(codes.QueryPlanKilled, `query plan killed :: index '${index.name}' dropped`);
  }
  if (collection.dropped) {
    throw new MongoError(
      codes.QueryPlanKilled,
      `collection dropped. UUID lookup of ${collection.db}.${collection.name} failed`,
    );
  }
}
