import type { Database } from '@marios-pizzeria/embedded-host';
import { decode, elements } from '../bson/read.ts';
import { type Document, documentOf } from '../bson/values.ts';
import { idKeyOf, idOnly } from './document.ts';
import { duplicateKey, keysOf, type Index } from './index-entry.ts';

type Statement = ReturnType<Database['prepare']>;

/** Index entries in one statement: more save nothing more. */
const ROWS_TOGETHER = 25;

interface IndexStatements {
  readonly insert: Statement;
  /** Takes `ROWS_TOGETHER` rows. */
  readonly insertMany: Statement;
  readonly remove: Statement;
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
  /** @throws MongoError DuplicateKey */
  insert(document: Buffer): void;
  /** Runs inserts and nothing else: their entries in indexes that are not unique are written together at its end. */
  inserting<T>(work: () => T): T;
  /** Puts a document of the same `_id` in a row's place; @throws MongoError DuplicateKey */
  replace(row: Row, document: Buffer): void;
  remove(row: Row): void;
  count(): number;
  /** Documents in insertion order behind a row id, at most `limit`. */
  chunk(after: number, limit: number): [number, Buffer][];
  /** Rows `[key, rid, body]` of an index behind a place and before `end`. */
  indexChunk(index: Index, from: IndexPlace, end: Buffer, limit: number, reverse: boolean): [Buffer, number, Buffer][];
  indexCount(index: Index, low: Buffer, high: Buffer): number;
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

const NOTHING = Buffer.alloc(0);

export const idIndex: Index = {
  id: 0,
  name: '_id_',
  key: documentOf([['_id', 1]]),
  fields: [{ path: '_id', parts: ['_id'], descending: false }],
  unique: true,
  sparse: false,
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

  function prepared(query: string): Statement {
    const statement = statements.get(query) ?? sql.prepare(query).raw(true);
    statements.set(query, statement);
    return statement;
  }

  const getRow = sql.prepare(`SELECT rid, body FROM ${table} WHERE key = ?`).raw(true);
  const insertRow = sql.prepare(`INSERT OR IGNORE INTO ${table} (key, body) VALUES (?, ?)`);
  const updateRow = sql.prepare(`UPDATE ${table} SET body = ? WHERE rid = ?`);
  const deleteRow = sql.prepare(`DELETE FROM ${table} WHERE rid = ?`);

  function forIndex(index: Index): IndexStatements {
    const table = `index_${index.id}`;
    const found = indexStatements.get(index.id) ?? {
      insert: sql.prepare(`INSERT OR IGNORE INTO ${table} (key, rid) VALUES (?, ?)`),
      insertMany: sql.prepare(
        `INSERT OR IGNORE INTO ${table} (key, rid) VALUES ${Array(ROWS_TOGETHER).fill('(?, ?)').join(', ')}`,
      ),
      remove: sql.prepare(`DELETE FROM ${table} WHERE key = ? AND rid = ?`),
      find: sql.prepare(`SELECT rid FROM ${table} WHERE key = ? LIMIT 1`).raw(true),
    };
    indexStatements.set(index.id, found);
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

  function secondary(): readonly Index[] {
    return collection.indexes.filter((index) => index !== idIndex);
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
      const indexed = secondary();
      const values = decode(document, 0, neededBy(indexed));
      const entries = indexed.map((index) => ({ index, found: keysOf(index, values) }));
      for (const { index, found } of entries) assertUnique(index, found.keys, values, undefined);
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
      const changed = changedFields(row.body, document);
      const affected = secondary().filter(({ needs }) => [...needs].some((name) => changed.has(name)));
      const needed = neededBy(affected);
      const before = decode(row.body, 0, needed);
      const now = decode(document, 0, needed);
      const entries = affected.map((index) => ({ index, old: keysOf(index, before).keys, found: keysOf(index, now) }));
      const moved = entries.filter(({ old, found }) => !sameKeys(old, found.keys));
      for (const { index, found } of moved) assertUnique(index, found.keys, now, row.rid);
      for (const { index, found } of entries) noteMultikey(index, found.multikey);
      for (const { index, old, found } of moved) {
        for (const key of old) forIndex(index).remove.run([key, row.rid]);
        for (const key of found.keys) forIndex(index).insert.run([key, row.rid]);
      }
      updateRow.run([document, row.rid]);
    },
    remove(row) {
      const indexed = secondary();
      const before = decode(row.body, 0, neededBy(indexed));
      for (const index of indexed) {
        for (const key of keysOf(index, before).keys) forIndex(index).remove.run([key, row.rid]);
      }
      deleteRow.run([row.rid]);
    },
    count() {
      return (prepared(`SELECT count(*) FROM ${table}`).get([]) as [number])[0];
    },
    chunk(after, limit) {
      const query = prepared(`SELECT rid, body FROM ${table} WHERE rid > ? ORDER BY rid LIMIT ?`);
      return query.all([after, limit]) as [number, Buffer][];
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

function neededBy(indexes: readonly Index[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const { needs } of indexes) for (const field of needs) all.add(field);
  return all;
}

/** Names of the fields that have other bytes now. */
function changedFields(before: Buffer, now: Buffer): ReadonlySet<string> {
  const old = fieldsByName(before);
  const fresh = fieldsByName(now);
  return new Set(
    [...old.keys(), ...fresh.keys()].filter((name) => old.get(name)?.equals(fresh.get(name) ?? NOTHING) !== true),
  );
}

/** The bytes of each field, its type and name among them. */
function fieldsByName(document: Buffer): ReadonlyMap<string, Buffer> {
  let start = 4;
  return new Map(
    elements(document).map(({ name, end }) => {
      const field = document.subarray(start, end);
      start = end;
      return [name, field];
    }),
  );
}

function sameKeys(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  return a.length === b.length && a.every((key, i) => b[i]?.equals(key) === true);
}
