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

/** Reads a `$metadata` event's data; what is no JSON object counts as no metadata, as EventStoreDB has it. */
export function parseStreamMetadata(data: Uint8Array): StreamMetadata {
  const raw = parseObject(Buffer.from(data).toString());
  if (raw === undefined) return NO_METADATA;
  const truncateBefore = wholeNumber(raw['$tb'], 0);
  return {
    maxCount: wholeNumber(raw['$maxCount'], 1),
    maxAge: wholeNumber(raw['$maxAge'], 1),
    truncateBefore: truncateBefore === undefined ? undefined : Math.min(truncateBefore, DELETED),
    raw,
  };
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

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function wholeNumber(value: unknown, least: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= least ? value : undefined;
}
