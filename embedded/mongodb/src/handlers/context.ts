import { show } from '../bson/show.ts';
import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { codes, MongoError, notImplemented, typeMismatch } from '../errors.ts';
import type { Cursors } from '../cursors.ts';
import type { Store } from '../storage/store.ts';
import type { Collection } from '../storage/collection.ts';

export type Reply = Record<string, unknown>;

/** One command as it came over the wire. */
export interface Request {
  readonly name: string;
  readonly db: string;
  /** Without the arrays of `sequences`. */
  readonly body: Document;
  /** `documents`, `updates` and `deletes`, undecoded. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
}

export interface Context {
  readonly store: Store;
  readonly cursors: Cursors;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly startedAt: number;
  readonly processId: Value;
  readonly connectionId: number;
  readonly openConnections: () => number;
}

export interface Command {
  /** Runs inside a transaction. */
  readonly writes: boolean;
  /** Fields that it takes besides those of every command; undefined: any. */
  readonly fields?: ReadonlySet<string>;
  readonly run: (request: Request, context: Context) => Reply;
}

/** What every command takes. Those that only promise durability are kept anyway; the session is not needed. */
const common = new Set([
  '$db',
  'lsid',
  '$readPreference',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
  'comment',
  '$clusterTime',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  'txnNumber',
  'autocommit',
  'startTransaction',
]);

/**
 * Checks what holds for every command: known fields, no transaction, concerns that one node can fulfil.
 *
 * @throws MongoError IllegalOperation, UnsatisfiableWriteConcern, Location40415
 */
export function assertCommon(request: Request, command: Command): void {
  const { body } = request;
  if (body['txnNumber'] !== undefined || body['autocommit'] !== undefined || body['startTransaction'] !== undefined) {
    throw new MongoError(
      codes.IllegalOperation,
      'Transaction numbers are only allowed on a replica set member or mongos',
    );
  }
  assertWriteConcern(body['writeConcern']);
  assertReadConcern(body['readConcern']);
  const { fields } = command;
  if (fields === undefined) return;
  for (const name of Object.keys(body)) {
    if (name === request.name || common.has(name)) continue;
    if (name === 'collation' && isSimpleCollation(body[name])) continue;
    if (name === 'collation') throw notImplemented('a collation');
    if (!fields.has(name)) throw new MongoError(40415, `BSON field '${request.name}.${name}' is an unknown field.`);
  }
}

export function isSimpleCollation(value: Value | undefined): boolean {
  return value instanceof Document && (Object.keys(value).length === 0 || value['locale'] === 'simple');
}

function assertWriteConcern(concern: Value | undefined): void {
  if (concern === undefined) return;
  if (!(concern instanceof Document)) throw typeMismatch("Expected field 'writeConcern' to be of type object");
  const w = concern['w'];
  if (w === undefined || w === 'majority') return;
  if (typeof w === 'string')
    throw new MongoError(
      codes.UnknownReplWriteConcern,
      `No write concern mode named '${w}' found in replica set configuration`,
    );
  if (!isNumber(w) || Number(numeric(w)) < 0 || Number(numeric(w)) > 50)
    throw new MongoError(codes.FailedToParse, 'w has to be a non-negative number and not greater than 50');
  if (Number(numeric(w)) > 1) throw new MongoError(codes.BadValue, "cannot use 'w' > 1 when a host is not replicated");
}

function assertReadConcern(concern: Value | undefined): void {
  if (concern === undefined) return;
  const level = concern instanceof Document ? (concern['level'] ?? 'local') : concern;
  if (level === 'snapshot' || level === 'linearizable') {
    throw new MongoError(123, `node needs to be a replica set member to use read concern ${level}`);
  }
  if (level !== 'local' && level !== 'available' && level !== 'majority') {
    throw new MongoError(
      codes.BadValue,
      `Enumeration value '${show(level)}' for field 'readConcern.level' is not a valid value.`,
    );
  }
}

/** @throws MongoError InvalidNamespace when the name cannot be a collection's */
export function collectionName(request: Request): string {
  const name = request.body[request.name];
  if (typeof name !== 'string') {
    throw new MongoError(codes.InvalidNamespace, `collection name has invalid type ${typeName(name)}`);
  }
  assertNamespace(request.db, name);
  return name;
}

export function assertNamespace(db: string, name: string): void {
  if (db === '' || db.length > 63 || /[/\\. "$\0]/.test(db))
    throw new MongoError(codes.InvalidNamespace, `Invalid namespace specified '${db}.${name}'`);
  const bad =
    name === '' ||
    name.startsWith('.') ||
    name.includes('$') ||
    name.includes('\0') ||
    Buffer.byteLength(name) > 255 - db.length - 1;
  if (bad) throw new MongoError(codes.InvalidNamespace, `Invalid namespace specified '${db}.${name}'`);
  if (name.startsWith('system.'))
    throw new MongoError(codes.InvalidNamespace, `cannot use system collections: ${db}.${name}`);
}

export function findCollection(request: Request, context: Context): Collection | undefined {
  return context.store.find(request.db, collectionName(request));
}

/** The collection, made when it is missing. */
export function obtainCollection(request: Request, context: Context): Collection {
  const name = collectionName(request);
  return context.store.find(request.db, name) ?? context.store.create(request.db, name);
}

export function option(body: Document, name: string): Document | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (value instanceof Document) return value;
  throw typeMismatch(`BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'object'`);
}
