import DataLoader from 'dataloader';
import type { Collection, Filter } from 'mongodb';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Documents per query: few enough that no caller waits long because of the others. */
const MOST_TOGETHER = 64;

/**
 * Finds documents by id. Those that are asked for in the same turn of the event loop share one query, because a query
 * costs driver and server several times as much as a document. Nothing is cached: each query starts after the documents
 * were asked for.
 *
 * @returns finds one document; rejects with the driver's error when its query fails
 */
export function findTogether<Document extends { readonly _id: string }>(
  collection: Collection<Document>,
): (id: string) => Promise<Document | undefined> {
  const loader = new DataLoader<string, Document | undefined>(
    async (ids) => {
      const found = await collection.find(idIn(ids)).toArray();
      // The driver's type allows for an `_id` that it generated itself; these documents have their own.
      const byId = new Map<string, Document>(
        (found as unknown as Document[]).map((document) => [document._id, document]),
      );
      return ids.map((id) => byId.get(id));
    },
    { cache: false, maxBatchSize: MOST_TOGETHER, batchScheduleFn: (query) => void setImmediate(query) },
  );
  return (id) => loader.load(id);

  function idIn(ids: readonly string[]): Filter<Document> {
    const [only] = ids;
    return { _id: ids.length === 1 ? only : { $in: ids } } as Filter<Document>;
  }
}

/**
 * Those who ask the same in the same turn of the event loop share one query, as everybody does who watches the newest
 * orders. Nothing is cached: each query starts after all who share it have asked.
 *
 * @param ask its answer must not be changed by those who share it
 * @returns asks; rejects as `ask` does
 */
export function askTogether<Query, Answer>(ask: (query: Query) => Promise<Answer>): (query: Query) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>();
  return (query) => {
    const text = JSON.stringify(query);
    const shared = asked.get(text);
    if (shared) return shared;
    const answer = nextTurn().then(() => {
      asked.delete(text);
      return ask(query);
    });
    asked.set(text, answer);
    return answer;
  };
}
