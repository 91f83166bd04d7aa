import { evolveMenuItem, type MenuItemEvent } from '../../domain/menu-item.ts';
import { streamReadModel } from '../documents/stream-read-model.ts';
import { toFields, toState } from './document.ts';

/** Not `menu`: that collection was the price list itself before the menu was in the log, and old instances write to it. */
export const menuItems = streamReadModel({
  name: 'menu_items',
  version: 1,
  category: 'MenuItem',
  indexes: [{ key: { isOnMenu: 1 } }],
  evolve: (state: Parameters<typeof evolveMenuItem>[0], { event }) => evolveMenuItem(state, event as MenuItemEvent), // of an item's stream
  toFields,
  toState,
});
