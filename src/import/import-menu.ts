import type { Logger } from 'pino';
import { createMenuCommands } from '../commands/menu-commands.ts';
import { MENU_ITEM } from '../eventstoredb/aggregates.ts';
import { StreamGoneError } from '../eventstoredb/errors.ts';
import { EventSourcingRepository } from '../eventstoredb/repository.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import { type PriceList, toMenuItem } from './price-list.ts';
import type { Retry } from './retry.ts';

export interface MenuImportOptions {
  readonly streams: StreamStore;
  /** Of every event of this run. */
  readonly correlationId: string;
  readonly retry: Retry;
  /** Once it is aborted no item is begun. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Puts the pizzas on the menu. What is there with the same details is left as it is, so that a second run stores
 * nothing; so is an item whose stream was deleted.
 *
 * @returns how many are on the menu now
 * @throws StoreAwayError, what a command throws, or the signal's AbortError
 */
export async function importMenu(pizzas: PriceList, options: MenuImportOptions): Promise<number> {
  const { streams, correlationId, retry, signal, log } = options;
  const repository = new EventSourcingRepository(MENU_ITEM, { streams, log });
  const commands = createMenuCommands({ repository, clock: () => new Date(), log });
  const caller = { requestId: correlationId, correlationId, actor: 'import' };
  let listed = 0;
  for (const pizza of pizzas.values()) {
    signal.throwIfAborted();
    try {
      await retry(() => commands.put(pizza.sku, toMenuItem(pizza), caller));
      listed += 1;
    } catch (error) {
      if (!(error instanceof StreamGoneError)) throw error;
    }
  }
  return listed;
}
