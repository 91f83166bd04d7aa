import { show } from '../bson/show.ts';
import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { badValue, codes, failedToParse, MongoError, typeMismatch } from '../errors.ts';
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
  readonly processId: Value;
  readonly connectionId: number;
}

export interface Command {
  /** Runs inside a transaction. */
  readonly writes: boolean;
  /** Fields that it takes besides those of every command; undefined: any. */
  readonly fields?: readonly string[];
  readonly run: (request: Request, context: Context) => Reply;
}

/** What every command takes. Every write is durable before its answer, and the session is not needed. */
const common = new Set(['$db', 'lsid', '$readPreference', 'readConcern', 'writeConcern', 'maxTimeMS', 'comment']);

/**
 * Checks what holds for every command: known fields, no transaction, concerns that one node can fulfil.
 *
 * @throws MongoError IllegalOperation, Location40415 and others for the concerns
 */
export function assertCommon({ name, body }: Request, { fields }: Command): void {
  if (body['txnNumber'] !== undefined)
    throw new MongoError(
      codes.IllegalOperation,
      'Transaction numbers are only allowed on a replica set member or mongos',
    );
  assertWriteConcern(body['writeConcern']);
  assertReadConcern(body['readConcern']);
  if (fields === undefined) return;
  for (const field of Object.keys(body))
    if (field !== name && !common.has(field) && !fields.includes(field)) throw unknownField(`${name}.${field}`);
}

export function unknownField(path: string): MongoError {
  return new MongoError(40415, `BSON field '${path}' is an unknown field.`);
}

export function missingField(path: string): MongoError {
  return new MongoError(40414, `BSON field '${path}' is missing but a required field`);
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
    throw failedToParse('w has to be a non-negative number and not greater than 50');
  if (Number(numeric(w)) > 1) throw badValue("cannot use 'w' > 1 when a host is not replicated");
}

const concernsOfOneNode: readonly Value[] = ['local', 'available', 'majority'];

function assertReadConcern(concern: Value | undefined): void {
  if (concern === undefined) return;
  const level = concern instanceof Document ? (concern['level'] ?? 'local') : concern;
  if (concernsOfOneNode.includes(level)) return;
  if (level === 'snapshot' || level === 'linearizable')
    throw new MongoError(123, `node needs to be a replica set member to use read concern ${level}`);
  throw badValue(`Enumeration value '${show(level)}' for field 'readConcern.level' is not a valid value.`);
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
  const bad =
    db === '' ||
    db.length > 63 ||
    /[/\\. "$\0]/.test(db) ||
    name === '' ||
    /^\.|[$\0]/.test(name) ||
    name.startsWith('system.') ||
    Buffer.byteLength(name) > 255 - db.length - 1;
  if (bad) throw new MongoError(codes.InvalidNamespace, `Invalid namespace specified '${db}.${name}'`);
}

export function findCollection(request: Request, context: Context): Collection | undefined {
  return context.store.find(request.db, collectionName(request));
}

/** The collection, made when it is missing. */
export function obtainCollection(request: Request, context: Context): Collection {
  const name = collectionName(request);
  return context.store.find(request.db, name) ?? context.store.create(request.db, name);
}

export function documentOption(body: Document, name: string): Document | undefined {
  const value = body[name];
  if (value === undefined || value instanceof Document) return value;
  throw typeMismatch(`BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'object'`);
}

/** An option that is a whole number and not negative. */
export function wholeOption(body: Document, name: string): number | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (!isNumber(value))
    throw typeMismatch(`BSON field '${name}' is the wrong type '${typeName(value)}', expected a number`);
  const number = Number(numeric(value));
  if (!Number.isSafeInteger(number)) throw failedToParse(`Expected an integer: ${name}: ${number}`);
  if (number < 0) throw new MongoError(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
}
