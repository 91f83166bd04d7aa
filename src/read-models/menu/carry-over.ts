import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import type { MenuItemDetails } from '../../domain/menu-item.ts';
import { formatMinorUnits } from '../../domain/money.ts';
import { isUnavailable } from '../../eventstoredb/errors.ts';
import { forEachOf } from '../batches.ts';
import { inOneStep } from '../database.ts';

/** An item as it was kept before the menu was in the log; its `_id` is the sku. */
interface OldMenuItem {
  readonly _id: string;
  readonly name: string;
  readonly category: string;
  readonly size: string | null;
  readonly priceMinor: number;
  readonly ingredients: readonly string[];
  readonly isCarriedOver?: true;
}

const AT_ONCE = 16;

/**
 * Brings the items of the old collection `menu` into the log, each once: it is marked when it is there. Until then
 * every start tries again, several instances at a time if need be, so `add` must be repeatable. An item that the log
 * does not take is logged, and stays unmarked.
 *
 * @throws EventStoreUnavailableError, ReadModelsUnavailableError
 */
export async function carryOverMenu(
  { db, log }: { readonly db: Db; readonly log: Logger },
  add: (sku: string, details: MenuItemDetails) => Promise<void>,
): Promise<void> {
  const old = db.collection<OldMenuItem>('menu');
  const items = await inOneStep(old.find({ isCarriedOver: { $exists: false } }).toArray());
  let carried = 0;
  await forEachOf(items, AT_ONCE, async ({ _id: sku, name, category, size, priceMinor, ingredients }) => {
    const price = formatMinorUnits(priceMinor);
    try {
      await add(sku, { name, category, ...(size !== null && { size }), price, ingredients });
    } catch (error) {
      if (isUnavailable(error)) throw error;
      log.error({ err: error, sku }, 'an item of the old menu cannot be carried over');
      return;
    }
    await inOneStep(old.updateOne({ _id: sku }, { $set: { isCarriedOver: true } }));
    carried += 1;
  });
  if (carried > 0) log.info({ items: carried }, 'the menu was carried over into the log');
}
