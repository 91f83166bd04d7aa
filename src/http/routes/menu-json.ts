import type { Static } from 'typebox';
import {
  evolveMenuItem,
  type MenuItemDetails,
  type MenuItemEvent,
  type MenuItemState,
} from '../../domain/menu-item.ts';
import { formatMinorUnits, formatMoney } from '../../domain/money.ts';
import type { StoredEvent } from '../../eventstoredb/codec.ts';
import type { MenuItemDocument } from '../../read-models/menu/document.ts';
import type { Menu, MenuItem, MenuItemBody, MenuItemHistory } from '../schemas/menu.ts';

const SIZES = ['S', 'M', 'L', 'XL', 'XXL'];

type MenuJson = Static<typeof Menu>;
type Dish = MenuJson['categories'][number]['items'][number];

export function toDetails(body: Static<typeof MenuItemBody>): MenuItemDetails {
  return { ingredients: [], ...body };
}

export function menuItemJson({
  sku,
  name,
  category,
  size,
  price,
  ingredients,
}: MenuItemState): Static<typeof MenuItem> {
  return { sku, name, category, size, price: formatMoney(price), ingredients: [...ingredients] };
}

/** The item after each of its events, with who caused it and when. */
export function menuItemHistoryJson(
  events: readonly Pick<StoredEvent<MenuItemEvent>, 'event' | 'revision' | 'metadata'>[],
): Static<typeof MenuItemHistory> {
  let state: MenuItemState | undefined;
  const items = events.map(({ event, revision, metadata: { actor = 'anonymous' } }) => {
    state = evolveMenuItem(state, event);
    return { timestamp: state.lastUpdated, revision, eventType: event.type, actor, ...menuItemJson(state) };
  });
  return { items };
}

/**
 * The menu as a guest reads it: what differs in nothing but size and price is one item.
 */
export function menuJson(currency: string, items: readonly MenuItemDocument[]): MenuJson {
  const categories = new Map<string, Map<string, Dish>>();
  for (const { _id: sku, name, category, size, priceMinor, ingredients } of [...items].sort(bySize)) {
    const dishes = categories.get(category) ?? new Map<string, Dish>();
    const key = JSON.stringify([name, ingredients]);
    const dish = dishes.get(key) ?? { name, ingredients: [...ingredients], sizes: [] };
    dish.sizes.push({ sku, size, price: formatMinorUnits(priceMinor) });
    categories.set(category, dishes.set(key, dish));
  }
  return {
    currency,
    categories: [...categories]
      .map(([category, dishes]) => ({ category, items: [...dishes.values()].sort((a, b) => compare(a.name, b.name)) }))
      .sort((a, b) => compare(a.category, b.category)),
  };
}

/** S M L XL XXL, then others by their names, then those without a size; those of one size by sku. */
function bySize(a: MenuItemDocument, b: MenuItemDocument): number {
  return rank(a) - rank(b) || compare(a.size ?? '', b.size ?? '') || compare(a._id, b._id);
}

function rank({ size }: MenuItemDocument): number {
  if (size === null) return SIZES.length + 1;
  const known = SIZES.indexOf(size.toUpperCase());
  return known < 0 ? SIZES.length : known;
}

/** By code unit: the same everywhere, whatever the server's locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
