import type { Collection } from 'mongodb';
import { formatMinorUnits } from '../../domain/money.ts';
import { withTimeLimit } from '../database.ts';
import { isDuplicateKey } from '../errors.ts';

/** An item of the menu; `priceMinor` is in hundredths. Its `_id` is the sku. */
export interface MenuItemDocument {
  readonly _id: string;
  readonly name: string;
  readonly category: string;
  readonly size: string | null;
  readonly priceMinor: number;
  readonly ingredients: readonly string[];
}

export async function createMenuIndexes(menu: Collection<MenuItemDocument>): Promise<void> {
  await menu.createIndex({ category: 1, name: 1 });
}

export type MenuStore = ReturnType<typeof createMenuStore>;

/** The price list: plain documents, because nobody asks what a price was. What an order paid is in its events. */
export function createMenuStore({ menu }: { readonly menu: Collection<MenuItemDocument> }, timeLimitMs: number) {
  return {
    /** Name and price (two decimals) of each sku that is on the menu. */
    async pricesOf(
      skus: readonly string[],
    ): Promise<ReadonlyMap<string, { readonly name: string; readonly unitPrice: string }>> {
      const found = await withTimeLimit(timeLimitMs, menu.find({ _id: { $in: [...new Set(skus)] } }).toArray());
      return new Map(
        found.map(({ _id, name, priceMinor }) => [_id, { name, unitPrice: formatMinorUnits(priceMinor) }]),
      );
    },

    /** By category and name. */
    async list(): Promise<MenuItemDocument[]> {
      return withTimeLimit(timeLimitMs, menu.find({}).sort({ category: 1, name: 1 }).toArray());
    },

    /** @returns what became of the item; undefined when it may not be added, or not be changed */
    async put(
      { _id, ...item }: MenuItemDocument,
      { canAdd, canChange } = { canAdd: true, canChange: true },
    ): Promise<'added' | 'changed' | undefined> {
      const upsert = async () =>
        canChange
          ? menu.replaceOne({ _id }, item, { upsert: canAdd })
          : menu.updateOne({ _id }, { $setOnInsert: item }, { upsert: canAdd });
      // If two upserts insert a document at once, MongoDB may refuse one. The second try replaces it.
      const settled = upsert().catch((error: unknown) => {
        if (isDuplicateKey(error)) return upsert();
        throw error;
      });
      const { upsertedCount, matchedCount } = await withTimeLimit(timeLimitMs, settled);
      if (upsertedCount === 1) return 'added';
      return canChange && matchedCount === 1 ? 'changed' : undefined;
    },

    /** @returns whether there was such an item */
    async remove(sku: string): Promise<boolean> {
      return (await withTimeLimit(timeLimitMs, menu.deleteOne({ _id: sku }))).deletedCount === 1;
    },
  };
}
