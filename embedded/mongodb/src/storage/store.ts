import { join } from 'node:path';
import { openStoreFile } from '@marios-pizzeria/embedded-host';
import { decode } from '../bson/read.ts';
import { encode } from '../bson/write.ts';
import type { Document } from '../bson/values.ts';
import { codes, MongoError } from '../errors.ts';
import {
  createDocumentsTable,
  createIndexTable,
  idIndex,
  openCollection,
  type Collection,
  type OwnedCollection,
} from './collection.ts';
import { duplicateKey, keysOf, type Index } from './index-entry.ts';
import { indexOf, isThere, normalizeIndexSpec } from './index-spec.ts';
import { scanAll } from './scan.ts';

/** `application_id` of the file: "MOSQ". */
const applicationId = 0x4d4f5351;

const schema = `
CREATE TABLE IF NOT EXISTS collections (id INTEGER PRIMARY KEY AUTOINCREMENT, db TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (db, name));
CREATE TABLE IF NOT EXISTS indexes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, spec BLOB NOT NULL, multikey INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS indexes_by_collection ON indexes (collection);
`;

/** All databases of one server, in one SQLite file, with one open transaction at most. */
export interface Store {
  readonly inTransaction: boolean;
  /**
   * Runs one command's writes inside the open transaction (opening one when there is none). When it throws, what it
   * wrote is undone and what the others wrote stays.
   */
  write<T>(work: () => T): T;
  /** Makes everything written durable; when that fails all of it is undone and the error thrown. */
  commit(): void;
  find(db: string, name: string): Collection | undefined;
  create(db: string, name: string): Collection;
  drop(collection: Collection): void;
  rename(collection: Collection, db: string, name: string): void;
  createIndex(collection: Collection, spec: Document): boolean;
  dropIndex(collection: Collection, index: Index): void;
  collections(db: string): Collection[];
  databases(): string[];
  /** Bytes of the file. */
  size(): number;
  close(): void;
}

/**
 * Opens the store's file in a folder.
 *
 * @throws StoreFileError when the file is corrupt, foreign or in use
 */
export function openStore(dataDir: string): Store {
  const file = openStoreFile(join(dataDir, 'mongodb.sqlite'), applicationId, schema);
  const sql = file.db;
  let catalog = new Map<string, Map<string, OwnedCollection>>();
  let inTransaction = false;
  const writeMultikey = sql.prepare('UPDATE indexes SET multikey = 1 WHERE id = ?');

  const noteMultikey = (index: Index): void => void writeMultikey.run([index.id]);

  function add(collection: OwnedCollection): void {
    const names = catalog.get(collection.db) ?? new Map<string, OwnedCollection>();
    names.set(collection.name, collection);
    catalog.set(collection.db, names);
  }

  function forget(collection: OwnedCollection): void {
    const names = catalog.get(collection.db);
    names?.delete(collection.name);
    if (names?.size === 0) catalog.delete(collection.db);
  }

  /** What is in memory follows the file: at the start and after anything was undone. What is unchanged stays open. */
  function load(): void {
    const before = catalog;
    catalog = new Map();
    const indexes = sql.prepare('SELECT id, spec, multikey FROM indexes WHERE collection = ? ORDER BY id').raw(true);
    const rows = sql.prepare('SELECT id, db, name FROM collections').raw(true).all([]) as [number, string, string][];
    for (const [id, db, name] of rows) {
      const known = before.get(db)?.get(name);
      const same = known?.id === id ? known : undefined;
      const secondary = (indexes.all([id]) as [number, Buffer, number][]).map(([indexId, spec, multikey]) => {
        const index = same?.indexes.find((one) => one.id === indexId) ?? indexOf(indexId, spec);
        index.multikey = multikey === 1;
        return index;
      });
      const collection = same ?? openCollection(sql, { id, db, name }, [], noteMultikey);
      collection.indexes = [idIndex, ...secondary];
      add(collection);
    }
    for (const [db, names] of before) {
      for (const [name, collection] of names) if (catalog.get(db)?.get(name) !== collection) collection.dropped = true;
    }
  }

  function owned(collection: Collection): OwnedCollection {
    const found = catalog.get(collection.db)?.get(collection.name);
    if (found !== collection) throw new MongoError(codes.NamespaceNotFound, 'ns not found');
    return found;
  }

  /** Of a disk that is full, SQLite has undone the whole transaction by itself. */
  function undo(statement: string): void {
    try {
      if (sql.inTransaction) sql.exec(statement);
    } finally {
      inTransaction = sql.inTransaction;
      load();
    }
  }

  load();
  const store: Store = {
    get inTransaction() {
      return inTransaction;
    },
    write(work) {
      if (!inTransaction) {
        sql.exec('BEGIN IMMEDIATE');
        inTransaction = true;
      }
      sql.exec('SAVEPOINT command');
      try {
        const result = work();
        sql.exec('RELEASE command');
        return result;
      } catch (error) {
        undo('ROLLBACK TO command; RELEASE command');
        throw error;
      }
    },
    commit() {
      if (!inTransaction) return;
      inTransaction = false;
      try {
        sql.exec('COMMIT');
      } catch (error) {
        undo('ROLLBACK');
        throw error;
      }
    },
    find: (db, name) => catalog.get(db)?.get(name),
    create(db, name) {
      const { lastInsertRowid } = sql.prepare('INSERT INTO collections (db, name) VALUES (?, ?)').run([db, name]);
      const id = Number(lastInsertRowid);
      sql.exec(createDocumentsTable(id));
      const collection = openCollection(sql, { id, db, name }, [idIndex], noteMultikey);
      add(collection);
      return collection;
    },
    drop(collection) {
      const target = owned(collection);
      for (const index of target.indexes) if (index !== idIndex) sql.exec(`DROP TABLE index_${index.id}`);
      sql.prepare('DELETE FROM indexes WHERE collection = ?').run([target.id]);
      sql.prepare('DELETE FROM collections WHERE id = ?').run([target.id]);
      sql.exec(`DROP TABLE documents_${target.id}`);
      target.dropped = true;
      forget(target);
    },
    rename(collection, db, name) {
      const target = owned(collection);
      sql.prepare('UPDATE collections SET db = ?, name = ? WHERE id = ?').run([db, name, target.id]);
      forget(target);
      target.dropped = true; // cursors on the old name end, as MongoDB's do
      add(openCollection(sql, { id: target.id, db, name }, target.indexes, noteMultikey));
    },
    createIndex(collection, spec) {
      const target = owned(collection);
      const normal = normalizeIndexSpec(spec);
      if (isThere(target.indexes, normal)) return false;
      const { lastInsertRowid } = sql
        .prepare('INSERT INTO indexes (collection, spec) VALUES (?, ?)')
        .run([target.id, encode(normal)]);
      const index = indexOf(Number(lastInsertRowid), encode(normal));
      sql.exec(createIndexTable(index.id));
      target.indexes = [...target.indexes, index];
      fill(target, index);
      return true;
    },
    dropIndex(collection, index) {
      const target = owned(collection);
      sql.prepare('DELETE FROM indexes WHERE id = ?').run([index.id]);
      sql.exec(`DROP TABLE index_${index.id}`);
      target.indexes = target.indexes.filter((one) => one !== index);
    },
    collections: (db) => [...(catalog.get(db)?.values() ?? [])],
    databases: () => [...catalog.keys()].toSorted(),
    size() {
      const row = sql
        .prepare('SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()')
        .raw(true)
        .get([]);
      return (row as [number])[0];
    },
    close() {
      store.commit();
      file.close();
    },
  };

  function fill(collection: OwnedCollection, index: Index): void {
    const insert = sql.prepare(`INSERT INTO index_${index.id} (key, rid) VALUES (?, ?)`);
    const taken = sql.prepare(`SELECT 1 FROM index_${index.id} WHERE key = ? LIMIT 1`).raw(true);
    for (const row of scanAll(collection, 1000)) {
      const found = keysOf(index, decode(row.body, 0, index.needs));
      if (found.multikey && !index.multikey) {
        index.multikey = true;
        noteMultikey(index);
      }
      for (const key of found.keys) {
        if (index.unique && taken.get([key]) !== undefined) throw duplicateKey(collection, index, decode(row.body));
        insert.run([key, row.rid]);
      }
    }
  }
  return store;
}
