import type { Position } from '@eventstore/db-client';
import {
  type Collection,
  type Db,
  type IndexDescription,
  MongoClient,
  type MongoClientOptions,
  MongoServerError,
} from 'mongodb';
import { settleWithin, STEP_TIME_LIMIT_MS } from '../time-limit.ts';
import { isUnavailable, NAMESPACE_NOT_FOUND, ReadModelsUnavailableError } from './errors.ts';

/** For what reads a whole collection: minutes where it is large, and in vain if it is given up before the end. */
const SCAN_TIME_LIMIT_MS = 3_600_000;
/** The driver takes the option per call but doesn't declare it. Without it, 20 s would end the connection and the scan. */
const SCAN: object = { socketTimeoutMS: SCAN_TIME_LIMIT_MS };

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

/**
 * Notices within seconds that a server has gone away, and finds one later that is away at the start.
 *
 * @param lookEveryMs milliseconds between two looks whether the driver stands still
 */
export function connectMongo(url: string, lookEveryMs = 2000): MongoClient {
  return new ReconnectingClient(url, lookEveryMs, {
    serverSelectionTimeoutMS: 2000,
    connectTimeoutMS: 2000,
    socketTimeoutMS: 20_000,
    waitQueueTimeoutMS: 2000,
    heartbeatFrequencyMS: 2000,
    minHeartbeatFrequencyMS: 200,
    // A monitor that polls does not recover from a destroyed socket.
    serverMonitoringMode: 'stream',
    minPoolSize: 0,
    maxPoolSize: 50,
    raw: false,
    promoteValues: true,
    promoteLongs: true,
    useBigInt64: false,
    appName: 'marios-pizzeria-orders',
  });
}

const CONNECT_AGAIN_MS = 500;
/** Looks without a sign of life: several times as long as the driver's own limits. */
const MOST_LOOKS = 5;
const CONNECTIONS = 'connections of the pool';

/**
 * Connects again when the first attempt fails; the driver's own client would refuse every later call. And it begins
 * anew when the driver stands still: version 7.9 waits for ever on a socket that was destroyed while it wrote, and then
 * watches a server no more, or has one connection less in its pool.
 */
class ReconnectingClient extends MongoClient {
  #isClosed = false;
  /** Looks since there was word of each server and, when none could be had, of connections. */
  readonly #looks = new Map<string, number>();
  readonly #looking: NodeJS.Timeout;

  constructor(url: string, lookEveryMs: number, options: MongoClientOptions) {
    super(url, options);
    const heard = (of: string) => void this.#looks.set(of, 0);
    this.on('serverOpening', ({ address }) => heard(address));
    this.on('serverHeartbeatSucceeded', ({ connectionId }) => heard(connectionId));
    this.on('serverHeartbeatFailed', ({ connectionId }) => heard(connectionId));
    this.on('serverClosed', ({ address }) => void this.#looks.delete(address));
    this.on('connectionCheckedOut', () => void this.#looks.delete(CONNECTIONS));
    this.on('connectionCheckOutFailed', ({ reason }) => {
      if (reason === 'timeout' && !this.#looks.has(CONNECTIONS)) heard(CONNECTIONS);
    });
    this.#looking = setInterval(() => this.#look(), lookEveryMs).unref();
  }

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
    clearInterval(this.#looking);
    await super.close(force);
  }

  #look(): void {
    for (const [of, looks] of this.#looks) this.#looks.set(of, looks + 1);
    if (Math.max(0, ...this.#looks.values()) < MOST_LOOKS) return;
    this.#looks.clear();
    super
      .close()
      .then(() => this.#connectAgain())
      .catch(() => undefined); // the calls that need the connection say why
  }

  async #connectAgain(): Promise<void> {
    if (this.#isClosed) return;
    await this.connect().catch(() => undefined); // the calls that need the connection say why
  }
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

/**
 * Creates a collection's missing indexes, one after the other: each that is complete stays, whatever becomes of the
 * next one.
 *
 * @throws ReadModelsUnavailableError
 */
export async function createIndexes<Document extends object>(
  collection: Collection<Document>,
  indexes: readonly IndexDescription[],
): Promise<void> {
  if (indexes.length === 0) return;
  const present = new Set((await inOneStep(indexesOf(collection))).map(textOf));
  for (const index of indexes) {
    if (present.has(textOf(index))) continue;
    await withTimeLimit(SCAN_TIME_LIMIT_MS, collection.createIndexes([index], SCAN));
  }
}

async function indexesOf<Document extends object>(collection: Collection<Document>): Promise<IndexDescription[]> {
  try {
    return await collection.indexes();
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

function textOf({ key, sparse = false }: IndexDescription): string {
  return JSON.stringify([Object.entries(key), sparse]);
}

/** Counts what is there, however many there are. @throws ReadModelsUnavailableError */
export function countDocuments(collection: Collection): Promise<number> {
  return withTimeLimit(SCAN_TIME_LIMIT_MS, collection.countDocuments({}, SCAN));
}

/** Bounds a step of work that nobody waits for. @throws ReadModelsUnavailableError */
export function inOneStep<T>(step: Promise<T>): Promise<T> {
  return withTimeLimit(STEP_TIME_LIMIT_MS, step);
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
