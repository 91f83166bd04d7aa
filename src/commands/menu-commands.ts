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
import { createExecutor, type ExecutorOptions } from './execute.ts';
import type { Caller } from './idempotency.ts';
import { checkPreconditions, type Preconditions } from './preconditions.ts';

export interface PutMenuItem extends AtRevision<MenuItemState> {
  /** Whether this command is the one that added it. */
  readonly isNew: boolean;
}

export type MenuCommands = ReturnType<typeof createMenuCommands>;

/** With a blank, which no caller's key has. */
const CARRY_OVER_KEY = 'carry over';

/** The commands on the menu's items. For preconditions, a withdrawn item is not there. */
export function createMenuCommands(options: Omit<ExecutorOptions<MenuItemState, MenuItemEvent>, 'subject'>) {
  const subject = 'menu item';
  const execute = createExecutor({ ...options, subject });

  return {
    /**
     * Adds an item to the menu or changes it; the present details again store nothing.
     *
     * @throws AlreadyThereError, and what `createExecutor` says
     */
    async put(
      sku: string,
      details: MenuItemDetails,
      caller: Caller,
      preconditions: Preconditions = {},
    ): Promise<PutMenuItem> {
      const { state, revision, hasChanged } = await execute({
        name: 'put-menu-item',
        id: sku,
        request: details,
        caller,
        decide(loaded, at) {
          checkPreconditions(preconditions, isOnMenu(loaded.state) ? loaded.revision : -1, subject);
          return putMenuItem(loaded.state, sku, details, at);
        },
      });
      return { state, revision, isNew: hasChanged && state.lastEvent === 'MenuItemAdded' };
    },

    /**
     * Takes an item off the menu.
     *
     * @throws MenuItemNotFoundError, AlreadyThereError, and what `createExecutor` says
     */
    async withdraw(sku: string, caller: Caller, preconditions: Preconditions = {}): Promise<void> {
      const notFound = () => new MenuItemNotFoundError(sku);
      await execute({
        name: 'withdraw-menu-item',
        id: sku,
        request: null,
        caller,
        ifMissing: notFound,
        decide({ state, revision }, at) {
          if (!isOnMenu(state)) throw notFound();
          checkPreconditions(preconditions, revision, subject);
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
