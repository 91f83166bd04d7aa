import { fromMinorUnits, toMinorUnits } from '../../domain/money.ts';
import { isOnMenu, type MenuItemState } from '../../domain/menu-item.ts';
import type { StreamDocument } from '../documents/stream-model.ts';

/** Document of the collection `menu_items`; its `_id` is the sku. A withdrawn item keeps its document. */
export type MenuItemDocument = StreamDocument & ReturnType<typeof toFields>;

/** `priceMinor` is in hundredths. */
export function toFields(state: MenuItemState) {
  const { name, category, size, price, ingredients, lastEvent, lastUpdated } = state;
  return {
    name,
    category,
    size,
    priceMinor: toMinorUnits(price),
    ingredients,
    isOnMenu: isOnMenu(state),
    lastEvent,
    lastUpdated: new Date(lastUpdated),
  };
}

export function toState(document: MenuItemDocument): MenuItemState {
  const { _id, name, category, size, priceMinor, ingredients, lastEvent, lastUpdated } = document;
  return {
    sku: _id,
    name,
    category,
    size,
    price: fromMinorUnits(priceMinor),
    ingredients,
    lastEvent,
    lastUpdated: lastUpdated.toISOString(),
  };
}
