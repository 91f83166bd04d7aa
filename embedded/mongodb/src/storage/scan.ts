import { codes, MongoError } from '../errors.ts';
import type { IndexPlan, Plan } from '../query/plan.ts';
import type { Collection, Row } from './collection.ts';
import type { Index } from './index-entry.ts';

/**
 * Reads the rows of a plan, some at a time, so that no SQLite cursor stays open between commands and a drop is seen.
 *
 * @param expected how many rows the caller is likely to take; the first read is not much larger
 * @throws MongoError QueryPlanKilled when the collection is dropped meanwhile
 */
export function scan(collection: Collection, plan: Plan, expected: number): Generator<Row> {
  return plan.kind === 'index' ? scanIndex(collection, plan, expected) : scanAll(collection, expected);
}

const largestChunk = 1000;

export function* scanAll(collection: Collection, expected: number): Generator<Row> {
  let limit = Math.min(expected, largestChunk);
  let after = 0;
  for (;;) {
    assertThere(collection);
    const rows = collection.chunk(after, limit);
    for (const [rid, body] of rows) {
      yield { rid, body };
      after = rid;
    }
    if (rows.length < limit) return;
    limit = Math.min(limit * 4, largestChunk);
  }
}

function* scanIndex(collection: Collection, plan: IndexPlan, expected: number): Generator<Row> {
  const seen = plan.index.multikey ? new Set<number>() : undefined;
  let limit = Math.min(expected, largestChunk);
  for (const range of plan.reverse ? plan.ranges.toReversed() : plan.ranges) {
    const end = plan.reverse ? range.low : range.high;
    let place = { key: plan.reverse ? range.high : range.low, rid: -1 };
    for (;;) {
      assertThere(collection, plan.index);
      const rows = collection.indexChunk(plan.index, place, end, limit, plan.reverse);
      for (const [key, rid, body] of rows) {
        place = { key, rid };
        if (seen !== undefined) {
          if (seen.has(rid)) continue;
          seen.add(rid);
        }
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
