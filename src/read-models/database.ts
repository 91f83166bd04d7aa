import { type Collection, type Db, MongoClient } from 'mongodb';
import type { AnalyticsDayDocument, AnalyticsItemDocument } from './analytics/document.ts';
import type { AuditDocument } from './audit/document.ts';
import type { CustomerDocument } from './customers/document.ts';
import type { OrderDocument } from './orders/document.ts';
import { settleWithin } from '../time-limit.ts';
import { isUnavailable, ReadModelsUnavailableError } from './errors.ts';

/** A price of the menu; `priceMinor` is in hundredths. Its `_id` is the sku. */
export interface MenuItemDocument {
  readonly _id: string;
  readonly name: string;
  readonly category: string;
  readonly size: string | null;
  readonly priceMinor: number;
  readonly ingredients: readonly string[];
}

/** A position in the log; decimal text, since the store's are 64 bits wide. */
export interface StoredPosition {
  readonly commit: string;
  readonly prepare: string;
}

/** What is known of a read model as a whole; its `_id` is the read model's name. */
export interface ProjectionStateDocument {
  readonly _id: string;
  /** Version of the document's layout; another one than the code's means: build it anew. */
  readonly version: number;
  readonly builtAt: Date;
  /** A reader of the whole log has come this far. */
  readonly position?: StoredPosition;
  /** Which of the analytics collections are the live ones. */
  readonly generation?: number;
  /** Streams with an event that cannot be read: what comes after it is not counted. */
  readonly stalled?: readonly string[];
}

export interface AnalyticsCollections {
  readonly days: Collection<AnalyticsDayDocument>;
  readonly items: Collection<AnalyticsItemDocument>;
}

export interface Database {
  readonly db: Db;
  readonly orders: Collection<OrderDocument>;
  readonly customers: Collection<CustomerDocument>;
  readonly audit: Collection<AuditDocument>;
  readonly menu: Collection<MenuItemDocument>;
  readonly projections: Collection<ProjectionStateDocument>;
}

/** Made so that a server that has gone away is noticed within seconds, and one that is away at the start found later. */
export function connectMongo(url: string): MongoClient {
  return new ReconnectingClient(url, {
    serverSelectionTimeoutMS: 2000,
    connectTimeoutMS: 2000,
    socketTimeoutMS: 20_000,
    waitQueueTimeoutMS: 2000,
    heartbeatFrequencyMS: 2000,
    minHeartbeatFrequencyMS: 200,
    maxPoolSize: 50,
    appName: 'marios-pizzeria-orders',
  });
}

const CONNECT_AGAIN_MS = 500;

/** The driver's own client is of no use any more when its first connection fails: every later call is refused. */
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
    await this.connect().catch(() => undefined); // the calls that need it say why
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
    projections: db.collection('projections'),
  };
}

/**
 * The figures are built anew beside the live ones, in collections of the next generation: unlike the other read
 * models they are guarded by one order of events, so that no two readers at different positions can share them.
 */
export function analyticsOf(db: Db, generation: number): AnalyticsCollections {
  return { days: db.collection(`analytics_days_${generation}`), items: db.collection(`analytics_items_${generation}`) };
}

/** Every query that a route makes has its index here; sorted pages end in `_id` so that no document repeats. */
export async function createOrderIndexes(orders: Collection<OrderDocument>): Promise<void> {
  await orders.createIndexes([
    { key: { placedAt: -1, _id: -1 } },
    { key: { customerId: 1, placedAt: -1, _id: -1 } },
    { key: { status: 1, placedAt: -1, _id: -1 } },
    { key: { paymentStatus: 1, placedAt: -1, _id: -1 } },
    { key: { 'stalled.revision': 1 }, sparse: true },
  ]);
}

export async function createAuditIndexes(audit: Collection<AuditDocument>): Promise<void> {
  await audit.createIndexes([
    { key: { recordedAt: -1, _id: -1 } },
    { key: { orderId: 1, recordedAt: -1, _id: -1 } },
    { key: { actor: 1, recordedAt: -1, _id: -1 } },
    { key: { type: 1, recordedAt: -1, _id: -1 } },
  ]);
}

export async function createAnalyticsIndexes(items: Collection<AnalyticsItemDocument>): Promise<void> {
  await items.createIndex({ day: 1 });
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
