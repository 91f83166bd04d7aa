import { DELETED, DELETED_ON_WIRE } from './events.ts';

/** The part of a stream's metadata that decides which of its events can be read. */
export interface StreamMetadata {
  readonly maxCount: number | undefined;
  /** Seconds. */
  readonly maxAge: number | undefined;
  /** `DELETED` for a soft-deleted stream. */
  readonly truncateBefore: number | undefined;
  /** All of the metadata, to keep what this server does not look at. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export const NO_METADATA: StreamMetadata = {
  maxCount: undefined,
  maxAge: undefined,
  truncateBefore: undefined,
  raw: {},
};

/** A metadata stream keeps its last event only. */
export const METASTREAM_METADATA: StreamMetadata = { ...NO_METADATA, maxCount: 1 };

/**
 * Reads a `$metadata` event's data. As EventStoreDB has it, one field that is not as it should be makes all of it
 * count for nothing, as does data that is no JSON object.
 */
export function parseStreamMetadata(data: Uint8Array): StreamMetadata {
  const text = Buffer.from(data)
    .toString()
    .replace(/^\ufeff/u, '');
  const raw = parseObject(text);
  if (raw === undefined || FRACTION.test(text) || !Object.entries(raw).every(isValidField)) return NO_METADATA;
  const truncateBefore = atLeast(raw['$tb'], 0);
  return {
    maxCount: atLeast(raw['$maxCount'], 1),
    maxAge: atLeast(raw['$maxAge'], 1),
    truncateBefore: truncateBefore === undefined ? undefined : Math.min(truncateBefore, DELETED),
    raw,
  };
}

/** A number that is not written as an integer is none, even 1.0. */
const FRACTION = /"\$(?:maxCount|maxAge|tb|cacheControl)"\s*:\s*-?\d+[.eE]/u;

const MOST_INTEGER = 2 ** 63;
/** .NET's longest time span. */
const MOST_SECONDS = 922_337_203_685;
const ACL_FIELDS = ['$r', '$w', '$d', '$mr', '$mw'];

function isValidField([name, value]: [string, unknown]): boolean {
  switch (name) {
    case '$maxCount':
    case '$tb':
      return isInteger(value, MOST_INTEGER);
    case '$maxAge':
    case '$cacheControl':
      return isInteger(value, MOST_SECONDS);
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

function isInteger(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= most;
}

function isRoles(value: unknown): boolean {
  return typeof value === 'string' || (Array.isArray(value) && value.every((role) => typeof role === 'string'));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The metadata of a soft-deleted stream. JSON numbers of JavaScript cannot carry 2^63 - 1, hence the text. */
export const SOFT_DELETED_JSON = Buffer.from(`{"$tb":${DELETED_ON_WIRE}}`);

export function isSoftDeleted(metadata: StreamMetadata): boolean {
  return metadata.truncateBefore === DELETED;
}

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

function atLeast(value: unknown, least: number): number | undefined {
  return typeof value === 'number' && value >= least ? value : undefined;
}
