import { randomBytes } from 'node:crypto';
import { RawDocument } from './bson/values.ts';
import { codes, MongoError } from './errors.ts';

export type Batch = RawDocument[];

interface Cursor {
  readonly namespace: string;
  readonly documents: Iterator<Buffer>;
  /** Read already, but it did not fit into the last batch. */
  waiting: Buffer | undefined;
  usedAt: number;
}

export interface Cursors {
  /**
   * Takes the first batch; the id is 0 when nothing is left.
   *
   * @param isOnly no further batch will be asked for
   */
  open(
    namespace: string,
    documents: Iterator<Buffer>,
    batchSize: number,
    isOnly?: boolean,
  ): { readonly id: bigint; readonly batch: Batch };
  /** @throws MongoError CursorNotFound */
  more(id: bigint, namespace: string, batchSize: number): { readonly id: bigint; readonly batch: Batch };
  kill(id: bigint): boolean;
}

/** MongoDB's default for idle cursors. */
const cursorTimeoutMs = 10 * 60_000;
const maxBatchBytes = 16 * 1024 * 1024;

/** Keeps the open cursors; idle ones end after ten minutes of the given clock. */
export function createCursors(now: () => number): Cursors {
  const cursors = new Map<bigint, Cursor>();

  function expire(): void {
    const oldest = now() - cursorTimeoutMs;
    for (const [id, cursor] of cursors) {
      if (cursor.usedAt <= oldest) cursors.delete(id);
    }
  }

  function take(cursor: Cursor, batchSize: number): { batch: Batch; done: boolean } {
    const batch: Batch = [];
    let bytes = 0;
    while (batch.length < batchSize) {
      const document = cursor.waiting ?? next(cursor);
      cursor.waiting = undefined;
      if (document === undefined) return { batch, done: true };
      if (batch.length > 0 && bytes + document.length > maxBatchBytes) {
        cursor.waiting = document;
        return { batch, done: false };
      }
      bytes += document.length;
      batch.push(new RawDocument(document));
    }
    cursor.waiting = batchSize === 0 ? undefined : next(cursor);
    return { batch, done: batchSize !== 0 && cursor.waiting === undefined };
  }

  return {
    open(namespace, documents, batchSize, isOnly = false) {
      expire();
      const cursor: Cursor = { namespace, documents, waiting: undefined, usedAt: now() };
      const { batch, done } = take(cursor, batchSize);
      if (done || isOnly) return { id: 0n, batch };
      const id = newId();
      cursors.set(id, cursor);
      return { id, batch };
    },
    more(id, namespace, batchSize) {
      expire();
      const cursor = cursors.get(id);
      if (cursor === undefined) throw new MongoError(codes.CursorNotFound, `cursor id ${id.toString()} not found`);
      if (cursor.namespace !== namespace) {
        throw new MongoError(
          codes.Unauthorized,
          `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
        );
      }
      cursor.usedAt = now();
      try {
        const { batch, done } = take(cursor, batchSize);
        if (done) cursors.delete(id);
        return { id: done ? 0n : id, batch };
      } catch (error) {
        cursors.delete(id);
        throw error;
      }
    },
    kill: (id) => cursors.delete(id),
  };
}

function next(cursor: Cursor): Buffer | undefined {
  const { done, value } = cursor.documents.next() as IteratorResult<Buffer, undefined>;
  return done === true ? undefined : value;
}

function newId(): bigint {
  return (randomBytes(8).readBigUInt64LE() >> 1n) + 1n;
}
