import {
  isOnMenu,
  type MenuItemDetails,
  type MenuItemEvent,
  type MenuItemState,
  putMenuItem,
  withdrawMenuItem,
} from '../domain/menu-item.ts';
import type { AtRevision } from '../eventstoredb/repository.ts';
import { MenuItemNotFoundError } from './errors.ts';
import { createExecutor, type ExecutorOptions, type Precondition } from './execute.ts';
import type { Caller } from './idempotency.ts';

export interface PutMenuItem extends AtRevision<MenuItemState> {
  /** Whether this command is the one that added it. */
  readonly isNew: boolean;
}

export type MenuCommands = ReturnType<typeof createMenuCommands>;

/** With a blank, which no caller's key has. */
const CARRY_OVER_KEY = 'carry over';

/** The commands on the menu's items. For preconditions, a withdrawn item is not there. */
export function createMenuCommands(options: Omit<ExecutorOptions<MenuItemState, MenuItemEvent>, 'subject'>) {
  const execute = createExecutor({ ...options, subject: 'menu item', isThere: isOnMenu });

  return {
    /**
     * Adds an item to the menu or changes it; the present details again store nothing.
     *
     * @throws what `createExecutor` says
     */
    async put(
      sku: string,
      details: MenuItemDetails,
      caller: Caller,
      precondition?: Precondition,
    ): Promise<PutMenuItem> {
      const { state, revision, hasChanged } = await execute({
        name: 'put-menu-item',
        id: sku,
        request: details,
        caller,
        precondition,
        decide: (loaded, at) => putMenuItem(loaded.state, sku, details, at),
      });
      return { state, revision, isNew: hasChanged && state.lastEvent === 'MenuItemAdded' };
    },

    /**
     * Takes an item off the menu.
     *
     * @throws MenuItemNotFoundError, and what `createExecutor` says
     */
    async withdraw(sku: string, caller: Caller, precondition?: Precondition): Promise<void> {
      const notFound = () => new MenuItemNotFoundError(sku);
      await execute({
        name: 'withdraw-menu-item',
        id: sku,
        request: null,
        caller,
        precondition,
        ifMissing: notFound,
        decide({ state }, at) {
          if (!isOnMenu(state)) throw notFound();
          return withdrawMenuItem(state, at);
        },
      });
    },

    /**
     * Adds an item of a menu of before, unless its stream has begun. Its event's id is the same whoever carries it over,
     * and whenever.
     *
     * @throws what `createExecutor` says
     */
    async carryOver(sku: string, details: MenuItemDetails): Promise<void> {
      await execute({
        name: 'carry-over-menu-item',
        id: sku,
        request: null,
        caller: {
          requestId: 'upgrade',
          correlationId: 'upgrade',
          actor: 'upgrade',
          idempotencyKey: CARRY_OVER_KEY,
        },
        decide: ({ state }, at) => (state ? [] : putMenuItem(undefined, sku, details, at)),
      });
    },
  };
}
