import { DELETED, DELETED_ON_WIRE } from './events.ts';

/** The part of a stream's metadata that decides which of its events can be read. */
export interface StreamMetadata {
  readonly maxCount?: number | undefined;
  /** Seconds. */
  readonly maxAge?: number | undefined;
  /** `DELETED` where a soft-deleted stream hides its events. */
  readonly truncateBefore?: number | undefined;
  /** What appends go by: also true where the metadata count for nothing on reads, being of no declared kind. */
  readonly isSoftDeleted: boolean;
  /** All of the metadata, to keep what this server does not look at. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export const NO_METADATA: StreamMetadata = { isSoftDeleted: false, raw: {} };

/** A metadata stream keeps its last event only. */
export const METASTREAM_METADATA: StreamMetadata = { ...NO_METADATA, maxCount: 1 };

/**
 * Reads a `$metadata` event's data. As EventStoreDB has it, one field that is not as it should be makes all of it
 * count for nothing, as does data that is no JSON object.
 */
export function parseStreamMetadata(data: Uint8Array, isJson: boolean): StreamMetadata {
  const text = Buffer.from(data)
    .toString()
    .replace(/^\ufeff/u, '');
  const raw = parseObject(text);
  const written = raw && parseObject(quoteNumbers(text));
  const isValid = ([name, value]: [string, unknown]): boolean => isValidField(name, value, written?.[name]);
  if (raw === undefined || !Object.entries(raw).every(isValid)) return NO_METADATA;
  const isSoftDeleted = written?.['$tb'] === DELETED_ON_WIRE;
  if (!isJson) return { ...NO_METADATA, isSoftDeleted, raw };
  return {
    maxCount: atLeast(raw['$maxCount'], 1),
    maxAge: atLeast(raw['$maxAge'], 1),
    truncateBefore: isSoftDeleted ? DELETED : atLeast(raw['$tb'], 0, DELETED - 1),
    isSoftDeleted,
    raw,
  };
}

/** The numbers of a JSON text as strings, since JavaScript's would be rounded. */
function quoteNumbers(json: string): string {
  return json.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|-?\d[\d.eE+-]*/gu, (token, text?: string) => text ?? `"${token}"`);
}

const MOST_INTEGER = 2n ** 63n - 1n;
/** .NET's longest time span. */
const MOST_SECONDS = 922_337_203_685n;
const ACL_FIELDS = ['$r', '$w', '$d', '$mr', '$mw'];

function isValidField(name: string, value: unknown, written: unknown): boolean {
  switch (name) {
    case '$maxCount':
    case '$tb':
      return isInteger(value, written, MOST_INTEGER);
    case '$maxAge':
    case '$cacheControl':
      return isInteger(value, written, MOST_SECONDS);
    case '$tmp':
      return typeof value === 'boolean';
    case '$acl':
      return (
        isObject(value) && Object.entries(value).every(([key, roles]) => ACL_FIELDS.includes(key) && isRoles(roles))
      );
    default:
      return true;
  }
}

/** A number that is not written as an integer is none, even 1.0. */
function isInteger(value: unknown, written: unknown, most: bigint): boolean {
  if (typeof value !== 'number' || !/^-?\d{1,19}$/u.test(String(written))) return false;
  return BigInt(String(written)) <= most && BigInt(String(written)) >= -most;
}

function isRoles(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((role) => typeof role === 'string'));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The metadata of a soft-deleted stream. JSON numbers of JavaScript cannot carry 2^63 - 1, hence the text. */
export const SOFT_DELETED_JSON = Buffer.from(`{"$tb":${DELETED_ON_WIRE}}`);

/** First revision that may be read, `maxAge` aside. */
export function firstReadable(metadata: StreamMetadata, lastRevision: number): number {
  const byCount = metadata.maxCount === undefined ? 0 : lastRevision - metadata.maxCount + 1;
  return Math.max(0, byCount, metadata.truncateBefore ?? 0);
}

/** The JSON object that a text is; none with a byte order mark. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function atLeast(value: unknown, least: number, most = Infinity): number | undefined {
  return typeof value === 'number' && value >= least ? Math.min(value, most) : undefined;
}
