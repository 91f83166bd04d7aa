import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'libsql';

/** A store file that cannot be used; the message names the file and says what to do. */
export class StoreFileError extends Error {
  override readonly name = 'StoreFileError';
}

export interface StoreFile {
  readonly db: Database.Database;
  close(): void;
}

/**
 * Opens (or creates) one SQLite file for one embedded server: WAL, `synchronous=FULL`, held exclusively.
 *
 * The operating system's lock on the file decides who owns it, so that a SIGKILL never leaves it locked; the
 * `.pid` file beside it only serves to say who that is.
 *
 * @param path file, its folder is made when missing
 * @param applicationId SQLite's `application_id`: a file with another one belongs to something else
 * @param schema SQL run on every open (`CREATE … IF NOT EXISTS`)
 * @throws StoreFileError when the file is corrupt, belongs to something else, or is used by another process
 */
export function openStoreFile(path: string, applicationId: number, schema: string): StoreFile {
  const file = resolve(path);
  const pidFile = `${file}.pid`;
  mkdirSync(dirname(file), { recursive: true });
  let db: Database.Database | undefined;
  try {
    db = new Database(file);
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec('BEGIN IMMEDIATE');
    const found = pragmaNumber(db, 'application_id');
    const tables = (db.prepare('SELECT count(*) AS n FROM sqlite_master').get([]) as { n: number }).n;
    if (found !== applicationId && (found !== 0 || tables > 0)) {
      throw new StoreFileError(`${file} was not written by this server; move it away or choose another DATA_DIR`);
    }
    if (tables > 0) assertIntact(db, file);
    db.exec(`PRAGMA application_id = ${applicationId}`);
    db.exec(schema);
    db.exec('COMMIT');
    db.exec('PRAGMA wal_autocheckpoint = 4000');
  } catch (error) {
    db?.close();
    throw explain(error, file, pidFile);
  }
  writeFileSync(pidFile, String(process.pid));
  const open = db;
  return {
    db: open,
    close() {
      open.close();
      rmSync(pidFile, { force: true });
    },
  };
}

function pragmaNumber(db: Database.Database, name: string): number {
  return Object.values((db.pragma(name) as Record<string, number>[])[0] ?? {})[0] ?? 0;
}

function assertIntact(db: Database.Database, file: string): void {
  const rows = db.pragma('quick_check(1)') as { quick_check?: string }[];
  const verdict = rows[0]?.quick_check;
  if (verdict !== 'ok') throw corrupt(file, verdict ?? 'no answer to quick_check');
}

function corrupt(file: string, why: string): StoreFileError {
  return new StoreFileError(`${file} is corrupt (${why}); restore it from a backup or delete it to start empty`);
}

function explain(error: unknown, file: string, pidFile: string): unknown {
  if (error instanceof StoreFileError || !(error instanceof Error)) return error;
  const code = (error as { code?: string }).code ?? '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StoreFileError(`${file} is in use by process ${owner(pidFile)}; stop it or choose another DATA_DIR`);
  }
  if (code.startsWith('SQLITE_NOTADB')) return corrupt(file, 'it is not a SQLite database');
  if (code.startsWith('SQLITE')) return corrupt(file, `${code}: ${error.message}`);
  return error;
}

function owner(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '(unknown)';
    throw error;
  }
}
