import { unknownEvent } from './events.ts';
import { formatMoney, type Money, type MoneyString, parseMoney } from './money.ts';

export interface MenuItemDetails {
  readonly name: string;
  readonly category: string;
  readonly size?: string;
  readonly price: MoneyString;
  readonly ingredients: readonly string[];
}

type MenuItemData = MenuItemDetails & { readonly sku: string };

export interface MenuItemAdded {
  readonly type: 'MenuItemAdded';
  readonly data: MenuItemData & { readonly addedAt: string };
}

export interface MenuItemChanged {
  readonly type: 'MenuItemChanged';
  readonly data: MenuItemData & { readonly changedAt: string };
}

/** Its details are those that the item had. */
export interface MenuItemWithdrawn {
  readonly type: 'MenuItemWithdrawn';
  readonly data: MenuItemData & { readonly withdrawnAt: string };
}

export type MenuItemEvent = MenuItemAdded | MenuItemChanged | MenuItemWithdrawn;

export interface MenuItemState {
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly size: string | null;
  readonly price: Money;
  readonly ingredients: readonly string[];
  /** A withdrawn item is not on the menu; it can be added again. */
  readonly lastEvent: MenuItemEvent['type'];
  readonly lastUpdated: string;
}

export function isOnMenu(state: MenuItemState | undefined): state is MenuItemState {
  return state !== undefined && state.lastEvent !== 'MenuItemWithdrawn';
}

/** @throws TypeError when the events are in an order that no item can have */
export function evolveMenuItem(state: MenuItemState | undefined, event: MenuItemEvent): MenuItemState {
  if (isOnMenu(state) === (event.type === 'MenuItemAdded')) {
    throw new TypeError(`${event.type} cannot follow ${state?.lastEvent ?? 'nothing'}`);
  }
  const { sku, name, category, size = null, price, ingredients } = event.data;
  return {
    sku,
    name,
    category,
    size,
    price: parseMoney(price),
    ingredients,
    lastEvent: event.type,
    lastUpdated: occurredAt(event),
  };
}

function occurredAt(event: MenuItemEvent): string {
  switch (event.type) {
    case 'MenuItemAdded':
      return event.data.addedAt;
    case 'MenuItemChanged':
      return event.data.changedAt;
    case 'MenuItemWithdrawn':
      return event.data.withdrawnAt;
    default:
      return unknownEvent(event);
  }
}

/** Adds the item to the menu, again after it was withdrawn, or changes it; the present details again raise nothing. */
export function putMenuItem(
  state: MenuItemState | undefined,
  sku: string,
  details: MenuItemDetails,
  at: string,
): MenuItemEvent[] {
  const data = { sku, ...details, price: formatMoney(parseMoney(details.price)) };
  if (!isOnMenu(state)) return [{ type: 'MenuItemAdded', data: { ...data, addedAt: at } }];
  const isSame = JSON.stringify(comparable(data)) === JSON.stringify(comparable(dataOf(state)));
  return isSame ? [] : [{ type: 'MenuItemChanged', data: { ...data, changedAt: at } }];
}

/** Takes the item off the menu; one that is not on it raises nothing. */
export function withdrawMenuItem(state: MenuItemState | undefined, at: string): MenuItemEvent[] {
  return isOnMenu(state) ? [{ type: 'MenuItemWithdrawn', data: { ...dataOf(state), withdrawnAt: at } }] : [];
}

function dataOf({ sku, name, category, size, price, ingredients }: MenuItemState): MenuItemData {
  return { sku, name, category, ...(size !== null && { size }), price: formatMoney(price), ingredients };
}

function comparable({ name, category, size, price, ingredients }: MenuItemData): unknown[] {
  return [name, category, size, price, ingredients];
}
