import type { Collection } from 'mongodb';
import { formatMinorUnits } from '../../domain/money.ts';
import { withTimeLimit } from '../database.ts';
import { readAgainIfReplaced } from '../errors.ts';
import type { MenuItemDocument } from './document.ts';

export type MenuQueries = ReturnType<typeof createMenuQueries>;

/** Reads of the `menu_items` read model; each throws ReadModelsUnavailableError. */
export function createMenuQueries({ menu }: { readonly menu: Collection<MenuItemDocument> }, timeLimitMs: number) {
  return {
    /** Name and price (two decimals) of each sku that is on the menu. */
    async pricesOf(
      skus: readonly string[],
    ): Promise<ReadonlyMap<string, { readonly name: string; readonly unitPrice: string }>> {
      const listed = menu.find({ _id: { $in: [...new Set(skus)] }, isOnMenu: true });
      const found = await withTimeLimit(timeLimitMs, listed.toArray());
      return new Map(
        found.map(({ _id, name, priceMinor }) => [_id, { name, unitPrice: formatMinorUnits(priceMinor) }]),
      );
    },

    /** What is on the menu, in no order. */
    list: (): Promise<MenuItemDocument[]> =>
      withTimeLimit(
        timeLimitMs,
        readAgainIfReplaced(() => menu.find({ isOnMenu: true }).toArray()),
      ),

    /** The item, also when it is withdrawn, or its stream is gone. */
    async find(sku: string): Promise<MenuItemDocument | undefined> {
      const found = await withTimeLimit(timeLimitMs, menu.findOne({ _id: sku, revision: { $ne: -1 } }));
      return found ?? undefined;
    },
  };
}
