import type { Database } from '@marios-pizzeria/embedded-host';
import { ObjectId } from 'bson';
import { encodeKey } from '../bson/keys.ts';
import { show } from '../bson/show.ts';
import { decode, decodeValue, type Element, elements } from '../bson/read.ts';
import { Document, types, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { codes, MongoError } from '../errors.ts';
import { keysOf, type Index } from './index-entry.ts';

export const maxDocumentBytes = 16 * 1024 * 1024;

type Statement = ReturnType<Database['prepare']>;

/** Index entries in one statement: more save nothing more. */
const ROWS_TOGETHER = 25;

interface IndexStatements {
  readonly insert: Statement;
  /** Takes `ROWS_TOGETHER` rows. */
  readonly insertMany: Statement;
  readonly remove: Statement;
  /** Puts one entry of a row in the place of another. */
  readonly move: Statement;
  readonly find: Statement;
}

/** A stored document and its place in the documents table. */
export interface Row {
  readonly rid: number;
  readonly body: Buffer;
}

/** One collection: its documents and indexes, all in the store's open transaction. */
export interface Collection {
  readonly id: number;
  readonly db: string;
  readonly name: string;
  readonly indexes: readonly Index[];
  /** Cursors that still read it must end. */
  readonly dropped: boolean;
  get(key: Buffer): Row | undefined;
  /** @throws MongoError DuplicateKey, BSONObjectTooLarge, InvalidIdField */
  insert(document: Buffer): void;
  /** Runs inserts and nothing else: their entries in indexes that are not unique are written together at its end. */
  inserting<T>(work: () => T): T;
  /** Puts a document of the same `_id` in a row's place; @throws MongoError DuplicateKey, BSONObjectTooLarge */
  replace(row: Row, document: Buffer): void;
  remove(row: Row): void;
  count(): number;
  /** Documents in insertion order behind a row id, at most `limit`. */
  chunk(after: number, limit: number, reverse: boolean): [number, Buffer][];
  /** Rows `[key, rid, body]` of an index behind a place and before `end`. */
  indexChunk(index: Index, from: IndexPlace, end: Buffer, limit: number, reverse: boolean): [Buffer, number, Buffer][];
  indexCount(index: Index, low: Buffer, high: Buffer): number;
  duplicateKey(index: Index, document: Document): MongoError;
}

export interface IndexPlace {
  readonly key: Buffer;
  readonly rid: number;
}

/** What the catalog changes in a collection. */
export interface OwnedCollection extends Collection {
  name: string;
  indexes: readonly Index[];
  dropped: boolean;
}

export const idIndex: Index = {
  id: 0,
  name: '_id_',
  fields: [{ path: '_id', parts: ['_id'], descending: false }],
  unique: true,
  sparse: false,
  partial: undefined,
  needs: new Set(['_id']),
  multikey: false,
};

/** The SQL that makes a collection's table. */
export function createDocumentsTable(id: number): string {
  return `CREATE TABLE documents_${id} (rid INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL)`;
}

export function createIndexTable(id: number): string {
  return `CREATE TABLE index_${id} (key BLOB NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (key, rid)) WITHOUT ROWID`;
}

export function openCollection(
  sql: Database,
  identity: { readonly id: number; readonly db: string; readonly name: string },
  indexes: readonly Index[],
  onMultikey: (index: Index) => void,
): OwnedCollection {
  const table = `documents_${identity.id}`;
  const statements = new Map<string, Statement>();
  const indexStatements = new Map<number, IndexStatements>();
  let entriesToWrite: Map<Index, (Buffer | number)[]> | undefined;

  function prepared(text: string): Statement {
    let statement = statements.get(text);
    if (statement === undefined) {
      statement = sql.prepare(text);
      if (text.startsWith('SELECT')) statement.raw(true);
      statements.set(text, statement);
    }
    return statement;
  }

  const getRow = sql.prepare(`SELECT rid, body FROM ${table} WHERE key = ?`).raw(true);
  const insertRow = sql.prepare(`INSERT OR IGNORE INTO ${table} (key, body) VALUES (?, ?)`);
  const updateRow = sql.prepare(`UPDATE ${table} SET body = ? WHERE rid = ?`);
  const deleteRow = sql.prepare(`DELETE FROM ${table} WHERE rid = ?`);

  function forIndex(index: Index): IndexStatements {
    let found = indexStatements.get(index.id);
    if (found === undefined) {
      found = {
        insert: sql.prepare(`INSERT OR IGNORE INTO index_${index.id} (key, rid) VALUES (?, ?)`),
        insertMany: sql.prepare(
          `INSERT OR IGNORE INTO index_${index.id} (key, rid) VALUES ${Array(ROWS_TOGETHER).fill('(?, ?)').join(', ')}`,
        ),
        remove: sql.prepare(`DELETE FROM index_${index.id} WHERE key = ? AND rid = ?`),
        move: sql.prepare(`UPDATE index_${index.id} SET key = ? WHERE key = ? AND rid = ?`),
        find: sql.prepare(`SELECT rid FROM index_${index.id} WHERE key = ? LIMIT 1`).raw(true),
      };
      indexStatements.set(index.id, found);
    }
    return found;
  }

  function assertUnique(index: Index, keys: readonly Buffer[], document: Document, own: number | undefined): void {
    if (!index.unique) return;
    for (const key of keys) {
      const holder = forIndex(index).find.get([key]) as [number] | undefined;
      if (holder !== undefined && holder[0] !== own) throw duplicateKey(collection, index, document);
    }
  }

  /** @param rows key, row id, key, row id … */
  function writeEntries(index: Index, rows: readonly (Buffer | number)[]): void {
    const { insert, insertMany } = forIndex(index);
    let at = 0;
    for (; at + 2 * ROWS_TOGETHER <= rows.length; at += 2 * ROWS_TOGETHER)
      insertMany.run(rows.slice(at, at + 2 * ROWS_TOGETHER));
    for (; at < rows.length; at += 2) insert.run(rows.slice(at, at + 2));
  }

  function noteMultikey(index: Index, multikey: boolean): void {
    if (!multikey || index.multikey) return;
    index.multikey = true;
    onMultikey(index);
  }

  const collection: OwnedCollection = {
    ...identity,
    indexes,
    dropped: false,
    get(key) {
      const row = getRow.get([key]) as [number, Buffer] | undefined;
      return row === undefined ? undefined : { rid: row[0], body: row[1] };
    },
    insert(document) {
      assertSize(document);
      const secondary = collection.indexes.filter((index) => index !== idIndex);
      const values = secondary.length === 0 ? undefined : decode(document, 0, neededBy(secondary));
      const entries = secondary.map((index) => ({ index, found: keysOf(index, values ?? new Document()) }));
      for (const { index, found } of entries) assertUnique(index, found.keys, values ?? new Document(), undefined);
      const done = insertRow.run([idKeyOf(document), document]);
      if (done.changes === 0) throw duplicateKey(collection, idIndex, decode(document, 0, idOnly));
      const rid = Number(done.lastInsertRowid);
      for (const { index, found } of entries) {
        noteMultikey(index, found.multikey);
        const waiting = index.unique ? undefined : entriesToWrite;
        for (const key of found.keys) {
          if (waiting) pushTo(waiting, index, key, rid);
          else forIndex(index).insert.run([key, rid]);
        }
      }
    },
    inserting(work) {
      const entries = (entriesToWrite = new Map<Index, (Buffer | number)[]>());
      try {
        const result = work();
        for (const [index, rows] of entries) writeEntries(index, rows);
        return result;
      } finally {
        entriesToWrite = undefined;
      }
    },
    replace(row, document) {
      assertSize(document);
      const affected = affectedIndexes(collection.indexes, row.body, document);
      if (affected.length > 0) {
        const needed = neededBy(affected);
        const before = decode(row.body, 0, needed);
        const now = decode(document, 0, needed);
        const changes = affected.map((index) => ({
          index,
          old: keysOf(index, before).keys,
          found: keysOf(index, now),
        }));
        for (const { index, old, found } of changes)
          if (!sameKeys(old, found.keys)) assertUnique(index, found.keys, now, row.rid);
        for (const { index, old, found } of changes) {
          if (sameKeys(old, found.keys)) continue;
          noteMultikey(index, found.multikey);
          const { insert, remove, move } = forIndex(index);
          const [key] = found.keys;
          const [oldKey] = old;
          if (key && oldKey && found.keys.length === 1 && old.length === 1) {
            move.run([key, oldKey, row.rid]);
            continue;
          }
          for (const gone of old) remove.run([gone, row.rid]);
          for (const added of found.keys) insert.run([added, row.rid]);
        }
      }
      updateRow.run([document, row.rid]);
    },
    remove(row) {
      const secondary = collection.indexes.filter((index) => index !== idIndex);
      if (secondary.length > 0) {
        const before = decode(row.body, 0, neededBy(secondary));
        for (const index of secondary) {
          for (const key of keysOf(index, before).keys) forIndex(index).remove.run([key, row.rid]);
        }
      }
      deleteRow.run([row.rid]);
    },
    count() {
      return (prepared(`SELECT count(*) FROM ${table}`).get([]) as [number])[0];
    },
    duplicateKey: (index, document) => duplicateKey(collection, index, document),
    chunk(after, limit, reverse) {
      const [comparison, direction] = reverse ? ['<', 'DESC'] : ['>', 'ASC'];
      const text = `SELECT rid, body FROM ${table} WHERE rid ${comparison} ? ORDER BY rid ${direction} LIMIT ?`;
      return prepared(text).all([after, limit]) as [number, Buffer][];
    },
    indexChunk(index, from, end, limit, reverse) {
      const query = prepared(chunkQuery(table, index, reverse));
      return query.all([from.key, from.rid, end, limit]) as [Buffer, number, Buffer][];
    },
    indexCount(index, low, high) {
      const source = index === idIndex ? table : `index_${index.id}`;
      return (prepared(`SELECT count(*) FROM ${source} WHERE key >= ? AND key < ?`).get([low, high]) as [number])[0];
    },
  };
  return collection;
}

/** The place to read an index from starts before the first (or, backwards, behind the last) key of a range. */
function chunkQuery(table: string, index: Index, reverse: boolean): string {
  if (index === idIndex) {
    return reverse
      ? `SELECT key, rid, body FROM ${table} WHERE (key, rid) < (?, ?) AND key >= ? ORDER BY key DESC LIMIT ?`
      : `SELECT key, rid, body FROM ${table} WHERE (key, rid) > (?, ?) AND key < ? ORDER BY key LIMIT ?`;
  }
  const from = `SELECT i.key, i.rid, d.body FROM index_${index.id} i CROSS JOIN ${table} d ON d.rid = i.rid`;
  return reverse
    ? `${from} WHERE (i.key, i.rid) < (?, ?) AND i.key >= ? ORDER BY i.key DESC, i.rid DESC LIMIT ?`
    : `${from} WHERE (i.key, i.rid) > (?, ?) AND i.key < ? ORDER BY i.key, i.rid LIMIT ?`;
}

function pushTo(entries: Map<Index, (Buffer | number)[]>, index: Index, key: Buffer, rid: number): void {
  const rows = entries.get(index);
  if (rows) rows.push(key, rid);
  else entries.set(index, [key, rid]);
}

const idOnly: ReadonlySet<string> = new Set(['_id']);

function neededBy(indexes: readonly Index[]): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  for (const index of indexes) {
    if (index.needs === undefined) return undefined;
    for (const field of index.needs) all.add(field);
  }
  return all;
}

/** Indexes that may hold other keys now, since a field that they need has other bytes. */
function affectedIndexes(indexes: readonly Index[], before: Buffer, now: Buffer): readonly Index[] {
  const secondary = indexes.filter((index) => index !== idIndex);
  const needed = neededBy(secondary);
  if (needed === undefined || secondary.length === 0) return secondary;
  const old = fieldsByName(before);
  const fresh = fieldsByName(now);
  const changed = [...needed].filter((name) => {
    const a = old.get(name);
    const b = fresh.get(name);
    if (a === undefined || b === undefined) return a !== b;
    return a.type !== b.type || before.compare(now, b.at, b.end, a.at, a.end) !== 0;
  });
  return secondary.filter(({ needs }) => needs === undefined || changed.some((name) => needs.has(name)));
}

function fieldsByName(document: Buffer): ReadonlyMap<string, Element> {
  return new Map(elements(document).map((field) => [field.name, field]));
}

function sameKeys(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  return a.length === b.length && a.every((key, i) => b[i]?.equals(key) === true);
}

function assertSize(document: Buffer): void {
  if (document.length <= maxDocumentBytes) return;
  throw new MongoError(
    codes.BSONObjectTooLarge,
    `BSONObj size: ${document.length} is invalid. Size must be between 0 and ${maxDocumentBytes}(16MB)`,
  );
}

/** The `_id` of a document, which is its first field. */
function idKeyOf(document: Buffer): Buffer {
  const value = decode(document, 0, idOnly)['_id'];
  if (value === undefined) throw new MongoError(codes.InternalError, 'a document without _id');
  return encodeKey(value);
}

/**
 * Puts `_id` first, making one when there is none, and checks its type.
 *
 * @throws MongoError InvalidIdField for an array or a regular expression
 */
export function withId(document: Buffer): Buffer {
  const fields = elements(document);
  const [first] = fields;
  const id = first?.name === '_id' ? first : fields.find((field) => field.name === '_id');
  if (id !== undefined && (id.type === types.array || id.type === types.regex)) {
    const kind = id.type === types.array ? 'array' : 'regex';
    throw new MongoError(codes.InvalidIdField, `The '_id' value cannot be of type ${kind}`);
  }
  if (id !== undefined && id === first) return document;
  const head = encode({ _id: id === undefined ? new ObjectId() : decodeValue(id.type, document, id.at) });
  const start = id === undefined ? 4 : id.at - '_id'.length - 2;
  const rest = [document.subarray(4, start), document.subarray(id === undefined ? start : id.end)];
  const moved = Buffer.concat([head.subarray(0, head.length - 1), ...rest]);
  moved.writeInt32LE(moved.length, 0);
  return moved;
}

function duplicateKey(collection: Collection, index: Index, document: Document): MongoError {
  const keyPattern: Record<string, number> = {};
  const keyValue: Record<string, Value> = {};
  for (const { path, parts, descending } of index.fields) {
    keyPattern[path] = descending ? -1 : 1;
    let node: Value | undefined = document;
    for (const part of parts) node = node instanceof Document ? node[part] : undefined;
    keyValue[path] = node ?? null;
  }
  const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${show(value)}`);
  return new MongoError(
    codes.DuplicateKey,
    `E11000 duplicate key error collection: ${collection.db}.${collection.name} index: ${index.name} dup key: { ${shown.join(', ')} }`,
    { keyPattern, keyValue },
  );
}
