import { describe, expect, it } from 'vitest';
import {
  evolveMenuItem,
  isOnMenu,
  type MenuItemAdded,
  type MenuItemChanged,
  type MenuItemEvent,
  type MenuItemState,
  type MenuItemWithdrawn,
  putMenuItem,
  withdrawMenuItem,
} from '../../src/domain/menu-item.ts';
import { parseMoney } from '../../src/domain/money.ts';
import { deepFreeze } from './given.ts';

const [ADDED_AT, CHANGED_AT, WITHDRAWN_AT] = ['2026-03-01', '2026-03-02', '2026-03-03'].map(
  (day) => `${day}T10:00:00.000Z`,
) as [string, string, string];
const sku = 'diavola-m';
const diavola = deepFreeze({
  name: 'Diavola',
  category: 'Classic',
  size: 'M',
  price: '14.50',
  ingredients: ['Tomato', 'Salami'],
});
const plain = deepFreeze({ name: 'Diavola', category: 'Hot', price: '15.00', ingredients: [] });
const added: MenuItemAdded = deepFreeze({ type: 'MenuItemAdded', data: { sku, ...diavola, addedAt: ADDED_AT } });
const changed: MenuItemChanged = deepFreeze({
  type: 'MenuItemChanged',
  data: { sku, ...plain, changedAt: CHANGED_AT },
});
const withdrawn: MenuItemWithdrawn = deepFreeze({
  type: 'MenuItemWithdrawn',
  data: { sku, ...plain, withdrawnAt: WITHDRAWN_AT },
});
const after = (...events: readonly MenuItemEvent[]) =>
  events.reduce<MenuItemState | undefined>(evolveMenuItem, undefined);

describe('evolveMenuItem', () => {
  it('makes the item, from MenuItemAdded, with its details', () => {
    expect(after(added)).toStrictEqual({
      sku,
      ...diavola,
      price: parseMoney('14.50'),
      lastEvent: 'MenuItemAdded',
      lastUpdated: ADDED_AT,
    });
  });

  it('replaces all details, on MenuItemChanged, a size that is gone included', () => {
    expect(after(added, changed)).toStrictEqual({
      sku,
      ...plain,
      size: null,
      price: parseMoney('15.00'),
      lastEvent: 'MenuItemChanged',
      lastUpdated: CHANGED_AT,
    });
  });

  it('keeps the details, on MenuItemWithdrawn, of an item that is not on the menu any more', () => {
    const state = after(added, changed, withdrawn);
    expect(state).toMatchObject({ price: parseMoney('15.00'), lastUpdated: WITHDRAWN_AT });
    expect(isOnMenu(state)).toBe(false);
  });

  it('has the item on the menu again, on MenuItemAdded after it was withdrawn', () => {
    expect(isOnMenu(after(added, changed, withdrawn, added))).toBe(true);
  });

  it.each<[string, readonly MenuItemEvent[], MenuItemEvent, string]>([
    ['a change', [], changed, 'MenuItemChanged cannot follow nothing'],
    ['a withdrawal', [], withdrawn, 'MenuItemWithdrawn cannot follow nothing'],
    ['a second addition', [added], added, 'MenuItemAdded cannot follow MenuItemAdded'],
    ['a second withdrawal', [added, withdrawn], withdrawn, 'MenuItemWithdrawn cannot follow MenuItemWithdrawn'],
    ['a change', [added, withdrawn], changed, 'MenuItemChanged cannot follow MenuItemWithdrawn'],
  ])('refuses %s after %j', (_, before, event, message) => {
    expect(() => after(...before, event)).toThrow(new TypeError(message));
  });
});

describe('putMenuItem', () => {
  it('raises MenuItemAdded, of an unknown sku, with a price of two decimals', () => {
    expect(putMenuItem(undefined, sku, { ...diavola, price: '14.5' }, ADDED_AT)).toStrictEqual([added]);
  });

  it('raises MenuItemAdded, of a withdrawn item, even with the details that it had', () => {
    const again = putMenuItem(after(added, changed, withdrawn), sku, plain, ADDED_AT);
    expect(again).toStrictEqual([{ type: 'MenuItemAdded', data: { sku, ...plain, addedAt: ADDED_AT } }]);
  });

  it.each([
    ['name', { ...diavola, name: 'Inferno' }],
    ['category', { ...diavola, category: 'Hot' }],
    ['size', { ...diavola, size: 'L' }],
    ['price', { ...diavola, price: '14.51' }],
    ['ingredients', { ...diavola, ingredients: ['Salami', 'Tomato'] }],
  ])('raises MenuItemChanged, with another %s, with the whole set of details', (_, details) => {
    expect(putMenuItem(after(added), sku, details, CHANGED_AT)).toStrictEqual([
      { type: 'MenuItemChanged', data: { sku, ...details, changedAt: CHANGED_AT } },
    ]);
  });

  it.each([
    ['the present details', [added], diavola],
    ['the present price in other digits', [added], { ...diavola, price: '014.5' }],
    ['the present details without a size', [added, changed], plain],
  ])('raises nothing, with %s', (_, before, details) => {
    expect(putMenuItem(after(...before), sku, details, CHANGED_AT)).toEqual([]);
  });
});

describe('withdrawMenuItem', () => {
  it('raises MenuItemWithdrawn, of an item on the menu, with the details that it had', () => {
    expect(withdrawMenuItem(after(added, changed), WITHDRAWN_AT)).toStrictEqual([withdrawn]);
  });

  it.each([
    ['never on the menu', []],
    ['withdrawn already', [added, withdrawn]],
  ])('raises nothing, of an item that was %s', (_, before) => {
    expect(withdrawMenuItem(after(...before), WITHDRAWN_AT)).toEqual([]);
  });
});
