import type { Position } from '@eventstore/db-client';
import { type Collection, type Db, type IndexDescription, MongoClient } from 'mongodb';
import type { AuditDocument } from './audit/document.ts';
import type { CustomerDocument } from './customers/document.ts';
import type { OrderDocument } from './orders/document.ts';
import { settleWithin } from '../time-limit.ts';
import { isUnavailable, ReadModelsUnavailableError } from './errors.ts';

/** An item of the menu; `priceMinor` is in hundredths. Its `_id` is the sku. */
export interface MenuItemDocument {
  readonly _id: string;
  readonly name: string;
  readonly category: string;
  readonly size: string | null;
  readonly priceMinor: number;
  readonly ingredients: readonly string[];
}

/** For one step of work that nobody waits for: longer than any step takes, so that one without an answer ends. */
export const STEP_TIME_LIMIT_MS = 30_000;

/** A position in the log, as decimal text because EventStoreDB's positions have 64 bits. */
export interface StoredPosition {
  readonly commit: string;
  readonly prepare: string;
}

/** State of a read model as a whole; its `_id` is the read model's name. */
export interface ReadModelState {
  readonly _id: string;
  /** Version of the documents' layout. */
  readonly version: number;
  readonly builtAt: Date;
  /** While it is built for the first time: how far that has come. */
  readonly position?: StoredPosition;
}

export interface Database {
  readonly db: Db;
  readonly orders: Collection<OrderDocument>;
  readonly customers: Collection<CustomerDocument>;
  readonly audit: Collection<AuditDocument>;
  readonly menu: Collection<MenuItemDocument>;
}

/** Notices within seconds that a server has gone away, and finds one later that is away at the start. */
export function connectMongo(url: string): MongoClient {
  return new ReconnectingClient(url, {
    serverSelectionTimeoutMS: 2000,
    connectTimeoutMS: 2000,
    socketTimeoutMS: 20_000,
    waitQueueTimeoutMS: 2000,
    heartbeatFrequencyMS: 2000,
    minHeartbeatFrequencyMS: 200,
    // A monitor that polls does not recover from a destroyed socket.
    serverMonitoringMode: 'stream',
    maxPoolSize: 50,
    appName: 'marios-pizzeria-orders',
  });
}

const CONNECT_AGAIN_MS = 500;

/** Connects again when the first attempt fails; the driver's own client would refuse every later call. */
class ReconnectingClient extends MongoClient {
  #isClosed = false;

  override async connect(): Promise<this> {
    try {
      return await super.connect();
    } catch (error) {
      setTimeout(() => void this.#connectAgain(), CONNECT_AGAIN_MS).unref();
      throw error;
    }
  }

  override async close(force?: boolean): Promise<void> {
    this.#isClosed = true;
    await super.close(force);
  }

  async #connectAgain(): Promise<void> {
    if (this.#isClosed) return;
    await this.connect().catch(() => undefined); // the calls that need the connection say why
  }
}

export function openDatabase(client: MongoClient, name: string): Database {
  const db = client.db(name);
  return {
    db,
    orders: db.collection('orders'),
    customers: db.collection('customers'),
    audit: db.collection('audit'),
    menu: db.collection('menu'),
  };
}

export function readModelStates(db: Db): Collection<ReadModelState> {
  return db.collection('projections');
}

export function toStored({ commit, prepare }: Position): StoredPosition {
  return { commit: commit.toString(), prepare: prepare.toString() };
}

export function fromStored({ commit, prepare }: StoredPosition): Position {
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

/** Creates a collection's missing indexes. */
export async function createIndexes(collection: Collection, indexes: readonly IndexDescription[]): Promise<void> {
  if (indexes.length > 0) await collection.createIndexes([...indexes]);
}

export async function createMenuIndexes(menu: Collection<MenuItemDocument>): Promise<void> {
  await menu.createIndex({ category: 1, name: 1 });
}

/**
 * Bounds a call by a time limit of our own.
 *
 * @param ms milliseconds
 * @throws ReadModelsUnavailableError when time is up or the server is away; other errors pass through
 */
export function withTimeLimit<T>(ms: number, call: Promise<T>): Promise<T> {
  const timeUp = () => new ReadModelsUnavailableError(`no answer from MongoDB within ${ms} ms`);
  return settleWithin(ms, call, timeUp, (error) =>
    isUnavailable(error) && !(error instanceof ReadModelsUnavailableError)
      ? new ReadModelsUnavailableError('MongoDB is away', { cause: error })
      : error,
  );
}
