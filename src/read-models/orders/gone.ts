import type { Collection, Filter } from 'mongodb';
import { chunksOf, DOCUMENTS_PER_WRITE, forEachOf } from '../batches.ts';
import type { Outcome } from '../read-model.ts';

/**
 * Removes what was made of orders whose streams are gone: those whose deletion is among the events, and those of which
 * the orders' read model, which keeps that in mind, was given events that came late.
 *
 * @param ready what the orders' read model has found out; undefined: it is not projected beside
 * @returns the orders' ids
 */
export async function removeGone<Document extends { readonly orderId: string }>(
  collection: Collection<Document>,
  deleted: ReadonlySet<string>,
  ready: Promise<Outcome> | undefined,
): Promise<readonly string[]> {
  const orderIds = [...new Set([...deleted, ...((await ready)?.gone ?? [])])];
  await forEachOf(chunksOf(orderIds, DOCUMENTS_PER_WRITE), 1, async (some) => {
    await collection.deleteMany({ orderId: { $in: some } } as Filter<Document>);
  });
  return orderIds;
}
