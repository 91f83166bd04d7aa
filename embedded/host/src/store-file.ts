import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Libsql from 'libsql';

export type Database = Libsql.Database;

/** A store file that cannot be used; the message names the file and says what to do. */
class StoreFileError extends Error {
  override readonly name = 'StoreFileError';
}

/** Another process has the file open. */
class StoreInUseError extends StoreFileError {
  readonly code = 'STORE_IN_USE';
  /** That process's id; undefined where it is not known. */
  readonly owner: number | undefined;

  constructor(file: string, owner: number | undefined) {
    super(`${file} is in use by process ${owner ?? '(unknown)'}; stop it or choose another DATA_DIR`);
    this.owner = owner;
  }
}

/** Another program listens there. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly code = 'PORT_TAKEN';
}

/** The file's content is damaged: nothing that is read from it can be trusted. */
export class CorruptStoreError extends StoreFileError {}

export interface StoreFile {
  readonly path: string;
  readonly db: Database;
  /** The error to report when using the store failed: a `StoreFileError` when the file is to blame. */
  explain(error: unknown): unknown;
  close(): void;
}

/**
 * SQLite's own check reads every page, about 20 ms a MiB: worth it for a file that is small, as after a first try of
 * the service. A larger one is opened as it is, so that starting takes no longer the more it holds; damage is then
 * reported when it is met.
 */
const CHECKED_BYTES = 16 << 20;

/** How often a file that is open is looked for: SQLite would go on writing to one that nobody can find any more. */
const WATCH_MS = 1000;

/**
 * Opens (or creates) one SQLite file for one embedded server: WAL, `synchronous=FULL`, held exclusively.
 *
 * The operating system's lock on the file decides who owns it, so that a SIGKILL never leaves it locked; the
 * `.pid` file beside it only serves to say who that is. When the file is deleted or replaced, the thread ends with an
 * error: what is written then would be lost.
 *
 * @param path file, its folder is made when missing
 * @param applicationId SQLite's `application_id`: a file with another one belongs to something else
 * @param schema SQL run on every open (`CREATE … IF NOT EXISTS`)
 * @throws StoreFileError when the file is corrupt, belongs to something else, or is used by another process
 */
export function openStoreFile(path: string, applicationId: number, schema: string): StoreFile {
  const file = resolve(path);
  const pidFile = `${file}.pid`;
  let db: Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const bytes = assertWhole(file);
    db = new Libsql(file);
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec('BEGIN IMMEDIATE');
    const found = pragmaNumber(db, 'application_id');
    const tables = (db.prepare('SELECT count(*) AS n FROM sqlite_master').get([]) as { n: number }).n;
    if (found !== applicationId && (found !== 0 || tables > 0)) {
      throw new StoreFileError(`${file} was not written by this server; move it away or choose another DATA_DIR`);
    }
    if (tables > 0 && bytes <= CHECKED_BYTES) assertIntact(db, file);
    db.exec(`PRAGMA application_id = ${applicationId}`);
    db.exec(schema);
    db.exec('COMMIT');
    db.exec('PRAGMA wal_autocheckpoint = 4000');
    writeFileSync(pidFile, String(process.pid));
  } catch (error) {
    db?.close();
    throw explain(error, file, pidFile);
  }
  const open = db;
  const { ino } = statSync(file);
  const watch = setInterval(() => {
    if (statSync(file, { throwIfNoEntry: false })?.ino === ino) return;
    clearInterval(watch);
    throw new StoreFileError(`${file} was deleted or replaced while it was in use: what is written now is lost`);
  }, WATCH_MS).unref();
  return {
    path: file,
    db: open,
    explain: (error) => explain(error, file, pidFile),
    close() {
      clearInterval(watch);
      try {
        // Merges the write-ahead log, so that a clean stop leaves one plain file, and lets go of the lock even while
        // prepared statements wait for the garbage collector.
        open.exec('PRAGMA journal_mode = DELETE');
        open.exec('PRAGMA locking_mode = NORMAL');
        open.prepare('SELECT count(*) FROM sqlite_master').get([]);
      } catch (error) {
        // The disk is full, say: whoever opens the file next merges the log.
        process.stderr.write(`${file} is closed with its write-ahead log: ${String(error)}\n`);
      } finally {
        open.close();
        rmSync(pidFile, { force: true });
      }
    },
  };
}

const HEADER_BYTES = 100;

/**
 * Compares the file's size with what its header says: SQLite takes the missing end of a cut file for empty pages
 * until it meets one. Gives the size in bytes, 0 without a file.
 */
function assertWhole(file: string): number {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes === 0) return 0;
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1', 0, 15) !== 'SQLite format 3') throw corrupt(file, 'it is not a SQLite database');
  // Until the write-ahead log is merged, page count and size may rightly differ.
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return bytes;
  const stored = header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  const expected = pages * (stored === 1 ? 65_536 : stored);
  if (bytes < expected) throw corrupt(file, `it has ${bytes} of ${expected} bytes`);
  return bytes;
}

function pragmaNumber(db: Database, name: string): number {
  return Object.values((db.pragma(name) as Record<string, number>[])[0] ?? {})[0] ?? 0;
}

function assertIntact(db: Database, file: string): void {
  const rows = db.pragma('quick_check(1)') as { quick_check?: string }[];
  const verdict = rows[0]?.quick_check;
  if (verdict !== 'ok') throw corrupt(file, verdict ?? 'no answer to quick_check');
}

/** @param why what was found, for the message */
export function corrupt(file: string, why: string): CorruptStoreError {
  return new CorruptStoreError(`${file} is corrupt (${why}); restore it from a backup or delete it to start empty`);
}

/** No right to write, or a file system for reading only. */
const NOT_WRITABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'SQLITE_READONLY', 'SQLITE_CANTOPEN']);

/** The binding's words for SQLITE_CANTOPEN when it opens the file, without a code. */
const CANNOT_OPEN = /^ConnectionFailed\(.*: 14"\)$/s;

function explain(error: unknown, file: string, pidFile: string): unknown {
  if (error instanceof StoreFileError || !(error instanceof Error)) return error;
  const code = (error as { code?: string }).code ?? '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StoreInUseError(file, ownerIn(pidFile));
  }
  if (code.startsWith('SQLITE_NOTADB')) return corrupt(file, 'it is not a SQLite database');
  if (code.startsWith('SQLITE_CORRUPT')) return corrupt(file, `${code}: ${error.message}`);
  if (NOT_WRITABLE.has(code) || CANNOT_OPEN.test(error.message)) {
    return new StoreFileError(
      `${file} cannot be opened for writing; give this user the right to, or choose another DATA_DIR`,
    );
  }
  if (code.startsWith('SQLITE') || /^E[A-Z]+$/u.test(code)) {
    const reason = error.message.startsWith(code) ? error.message : `${code}: ${error.message}`;
    return new StoreFileError(`${file} cannot be used (${reason})`);
  }
  return error;
}

function ownerIn(pidFile: string): number | undefined {
  try {
    return Number(readFileSync(pidFile, 'utf8')) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
