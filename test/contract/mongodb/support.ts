import { MongoClient, MongoServerError, type Collection, type Db, type Document } from 'mongodb';
import { afterAll, beforeAll, expect, inject } from 'vitest';

/** Documents of these tests have ids of any type. */
export type AnyDocument = Document & { _id?: string | number | bigint | boolean | object };

export interface Suite {
  readonly client: MongoClient;
  readonly db: Db;
  /** A new, empty collection. */
  fresh(): Collection<AnyDocument>;
}

/** Connects a test file to the server under test, with a database of its own that is gone afterwards. */
export function mongoSuite(name: string): Suite {
  let client: MongoClient | undefined;
  let collections = 0;
  const connected = (): MongoClient => {
    if (client === undefined) throw new Error('only inside a test');
    return client;
  };
  const suite: Suite = {
    get client() {
      return connected();
    },
    get db() {
      return connected().db(`contract_${name}`);
    },
    fresh: () => suite.db.collection<AnyDocument>(`c${++collections}`),
  };
  beforeAll(async () => {
    client = await new MongoClient(inject('mongoUrl')).connect();
    await suite.db.dropDatabase();
  });
  afterAll(async () => {
    await suite.db.dropDatabase();
    await client?.close();
  });
  return suite;
}

/** The server's refusal of a command; fails when it was taken. */
export async function refusal(work: Promise<unknown>): Promise<MongoServerError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MongoServerError) return error;
    throw error;
  }
  throw new Error('the server took it');
}

/** Expects MongoDB's code and, where it has one, its name. */
export async function expectCode(work: Promise<unknown>, code: number, codeName?: string): Promise<void> {
  const error = await refusal(work);
  expect({ code: error.code, message: error.message }).toMatchObject({ code });
  if (codeName !== undefined) expect(error.codeName).toBe(codeName);
}
