/** An event as a client proposes it. */
export interface NewEvent {
  /** UUID in its lower-case text form. */
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as the log keeps it. */
export interface RecordedEvent extends NewEvent {
  /** Place in the log, counted from 0 without gaps; commit and prepare position are the same. */
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** An event and, where it was reached through a link, the link itself. */
export interface ResolvedEvent {
  /** Missing when the link's target is gone. */
  readonly event: RecordedEvent | undefined;
  readonly link: RecordedEvent | undefined;
}

export type ExpectedRevision = number | 'any' | 'no_stream' | 'stream_exists';

/** Last revision of a stream that has no events. */
export const NO_STREAM = -1;

/**
 * Revision of the event that closes a tombstoned stream. EventStoreDB uses 2^63 - 1 here and as the `$tb` of a
 * soft-deleted stream; no JavaScript number holds that, so everything from here on means "deleted".
 */
export const DELETED = Number.MAX_SAFE_INTEGER;

/** What `DELETED` looks like on the wire. */
export const DELETED_ON_WIRE = '9223372036854775807';

export const EMPTY: Buffer = Buffer.alloc(0);

export const LINK_TYPE = '$>';

/** The event that was appended to the stream itself: the link where there is one. */
export function original(resolved: ResolvedEvent): RecordedEvent {
  const event = resolved.link ?? resolved.event;
  if (event === undefined) throw new Error('a resolved event has neither event nor link');
  return event;
}

export function metastreamOf(stream: string): string {
  return `$$${stream}`;
}

export function isMetastream(stream: string): boolean {
  return stream.startsWith('$$');
}

export function jsonEvent(id: string, type: string, data: unknown): NewEvent {
  return { id, type, isJson: true, data: Buffer.from(JSON.stringify(data)), metadata: EMPTY };
}
