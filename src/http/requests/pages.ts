import { createHash, timingSafeEqual } from 'node:crypto';
import Type from 'typebox';
import { badField } from '../problems/errors.ts';

/** Query parameters of every list. */
export const pageParameters = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
};

interface PageKey {
  readonly time: Date;
  readonly id: string;
}

/**
 * A page, and a cursor of the next one if there is more.
 *
 * @param list name of what is listed
 * @param filter its fields always in the same order, since a cursor is bound to their text
 * @throws ProblemError 400 for a cursor of another query
 */
export async function readPage<Document, Filter extends object>(
  list: string,
  queries: { list(filter: Filter, limit: number, after?: PageKey): Promise<readonly Document[]> },
  filter: Filter,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  keyOf: (document: Document) => PageKey,
): Promise<{ readonly documents: readonly Document[]; readonly next: { readonly nextCursor?: string } }> {
  const after = cursor === undefined ? undefined : decodeCursor(list, cursor, filter);
  const found = await queries.list(filter, limit + 1, after);
  const documents = found.slice(0, limit);
  const last = documents.at(-1);
  const next = found.length > limit && last ? { nextCursor: encodeCursor(list, keyOf(last), filter) } : {};
  return { documents, next };
}

const CHECK_BYTES = 9;

/**
 * Where a page ended, as an opaque text: the sort key of its last document, and a check that binds it to the query
 * it came from, so that a damaged cursor, or one of another query, is refused rather than silently wrong.
 */
export function encodeCursor(list: string, { time, id }: PageKey, filter: object): string {
  const key = Buffer.from(JSON.stringify([time.getTime(), id]));
  return Buffer.concat([checkOf(list, key, filter), key]).toString('base64url');
}

function decodeCursor(list: string, cursor: string, filter: object): PageKey {
  const bytes = Buffer.from(cursor, 'base64url');
  const check = bytes.subarray(0, CHECK_BYTES);
  const key = bytes.subarray(CHECK_BYTES);
  const isOurs =
    bytes.toString('base64url') === cursor &&
    check.length === CHECK_BYTES &&
    timingSafeEqual(check, checkOf(list, key, filter));
  const found = isOurs ? readKey(key.toString()) : undefined;
  if (!found) throw badField('#/cursor', 'not a cursor that this query gave');
  return found;
}

/** Whoever makes up a cursor can make up its check as well. */
function readKey(text: string): PageKey | undefined {
  try {
    const [ms, id] = JSON.parse(text) as [unknown, unknown];
    const time = new Date(Number(ms));
    return typeof ms === 'number' && typeof id === 'string' && !Number.isNaN(time.getTime()) ? { time, id } : undefined;
  } catch {
    return undefined;
  }
}

function checkOf(list: string, key: Buffer, filter: object): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([list, filter]))
    .update(key)
    .digest()
    .subarray(0, CHECK_BYTES);
}

/** The fields that are there: an absent parameter is no filter. */
export function given<Fields extends object>(fields: Fields) {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
