import type { Filter } from 'mongodb';
import { ORDER_STATUSES } from '../domain/events.ts';
import type { OrderState } from '../domain/order-state.ts';
import type { ProjectionAdmin } from '../read-models/admin.ts';
import type { Database } from '../read-models/collections.ts';
import { readModelStates, withTimeLimit } from '../read-models/database.ts';
import { readAgainIfReplaced, ReadModelsUnavailableError } from '../read-models/errors.ts';
import { type OrderDocument, toState } from '../read-models/orders/document.ts';
import { fromPosition, type LogPosition } from './position.ts';

export interface Board {
  /** Every event up to here is in the orders; some later ones may be. */
  readonly asOf: LogPosition;
  /** Those that are not over yet, newest first. */
  readonly orders: readonly { readonly state: OrderState; readonly revision: number }[];
  /** Older ones that are left out. */
  readonly omitted: number;
}

export interface BoardOptions {
  readonly database: Pick<Database, 'db' | 'orders'>;
  readonly admin: Pick<ProjectionAdmin, 'projectedTo'>;
  readonly timeLimitMs: number;
}

/** More than anybody cooks: the rest was forgotten long ago. */
const MOST_ORDERS = 2000;
/** By the status alone, which an index answers however many there are. What cannot be read, or is gone, has none. */
const OPEN: Filter<OrderDocument> = {
  status: { $in: ORDER_STATUSES.filter((status) => status !== 'DELIVERED' && status !== 'CANCELLED') },
};

/**
 * The orders that are not over yet, by their read model.
 *
 * @returns reads the board. Those who ask while it is read share the next read. Throws EventStoreUnavailableError,
 * ReadModelsUnavailableError
 */
export function createBoard({ database, admin, timeLimitMs }: BoardOptions): () => Promise<Board> {
  let running: Promise<unknown> | undefined;
  let next: Promise<Board> | undefined;

  return () => {
    next ??= (running ?? Promise.resolve()).then(() => {
      next = undefined;
      const reading = withTimeLimit(timeLimitMs, read());
      running = reading.catch(() => undefined);
      return reading;
    });
    return withTimeLimit(timeLimitMs, next); // the time that it waits for the read before counts
  };

  async function read(): Promise<Board> {
    // Read before the orders: what the read model has seen by then is in them.
    const asOf = fromPosition(await admin.projectedTo());
    const { db, orders } = database;
    const state = await readModelStates(db).findOne({ _id: 'orders' });
    if (!state || state.position) throw new ReadModelsUnavailableError('the read model of the orders is being built');
    const found = await readAgainIfReplaced(() =>
      orders
        .find(OPEN)
        .sort({ placedAt: -1, _id: -1 })
        .limit(MOST_ORDERS + 1)
        .toArray(),
    );
    const omitted = found.length > MOST_ORDERS ? (await orders.countDocuments(OPEN)) - MOST_ORDERS : 0;
    const shown = found.slice(0, MOST_ORDERS);
    return {
      asOf,
      omitted,
      orders: shown.map((document) => ({ state: toState(document), revision: document.revision })),
    };
  }
}
