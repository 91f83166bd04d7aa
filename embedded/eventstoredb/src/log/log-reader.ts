import { crc32 } from 'node:zlib';
import type { Database } from '@marios-pizzeria/embedded-host';
import type { RecordedEvent, ResolvedEvent } from './events.ts';
import { DELETED, LINK_TYPE, NO_STREAM } from './events.ts';
import type { StreamMetadata } from './stream-metadata.ts';
import { firstReadable, NO_METADATA } from './stream-metadata.ts';
import { fromText, toText } from './text.ts';

export interface PageRequest {
  /** First revision or position: inclusive forwards and, in a stream, backwards; exclusive backwards in the log. */
  readonly from: number;
  readonly limit: number;
  readonly backwards: boolean;
  /** Also what the stream's metadata hides. */
  readonly hidden?: boolean;
}

export interface Page {
  readonly events: RecordedEvent[];
  /** Where the next page starts. */
  readonly next: number;
  readonly atEnd: boolean;
}

type StreamPage = { readonly kind: 'page' } & Page;
export type StreamRead = StreamPage | { readonly kind: 'missing' } | { readonly kind: 'deleted' };

export interface LogReader {
  readStream(stream: string, request: PageRequest): StreamRead;
  readonly readAll: (request: PageRequest) => Page;
  /** The event at a revision, whatever the stream's metadata says. */
  eventAt(stream: string, revision: number): RecordedEvent | undefined;
  /** The event at a revision, unless the stream's metadata or deletion hides it. */
  readable(stream: string, revision: number): RecordedEvent | undefined;
  /** Last revision of a stream: `NO_STREAM` without events, `DELETED` after a tombstone. */
  lastRevision(stream: string): number;
  metadataOf(stream: string): StreamMetadata;
  /** Follows a link. Anything else is given as it is, and so is what is no valid link, unless it comes live. */
  readonly resolve: (event: RecordedEvent, live?: boolean) => ResolvedEvent;
}

interface ReaderContext {
  readonly lastRevision: (stream: string) => number;
  readonly metadataOf: (stream: string) => StreamMetadata;
  readonly now: () => number;
  /** Turns what went wrong while reading into the error to throw. */
  readonly explain: (error: unknown) => unknown;
}

/** The log contradicts itself; `explain` names the file. */
export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError';
}

/** A page holds about this many bytes, so that a reader that is not being read from holds little. */
const PAGE_BYTES = 1 << 20;
const FEWEST_ROWS = 4;
const MOST_ROWS = 256;

type Row = [number, string, number, string, string, number, number, Buffer, Buffer, number];

export function createLogReader(db: Database, context: ReaderContext): LogReader {
  const { lastRevision, metadataOf, now } = context;
  const prepare = (condition: string): ReturnType<Database['prepare']> =>
    db.prepare(`SELECT * FROM events WHERE ${condition} LIMIT ?`).raw(true);
  const streamForwards = prepare('stream = ? AND revision BETWEEN ? AND ? ORDER BY revision');
  const streamBackwards = prepare('stream = ? AND revision BETWEEN ? AND ? ORDER BY revision DESC');
  const allForwards = prepare('position >= ? ORDER BY position');
  const allBackwards = prepare('position < ? ORDER BY position DESC');

  /** Events that make about a page, going by the last one that was read. */
  let rowsPerPage = MOST_ROWS;

  function collect(
    statement: ReturnType<Database['prepare']>,
    range: unknown[],
    limit: number,
  ): { events: RecordedEvent[]; cut: boolean } {
    const rows = Math.min(limit, rowsPerPage);
    try {
      const events = (statement.all([...range, rows]) as Row[]).map(fromRow);
      const bytes = events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
      const bySize = Math.floor((PAGE_BYTES * events.length) / (bytes + 1));
      rowsPerPage = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, bySize));
      return { events, cut: rows < limit && events.length === rows };
    } catch (error) {
      throw context.explain(error);
    }
  }

  function readStream(stream: string, { from, limit, backwards, hidden = false }: PageRequest): StreamRead {
    const last = lastRevision(stream);
    if (last === DELETED) return { kind: 'deleted' };
    const metadata = hidden ? NO_METADATA : metadataOf(stream);
    if (last === NO_STREAM || metadata.truncateBefore === DELETED) return { kind: 'missing' };
    const first = firstReadable(metadata, last);
    const low = backwards ? first : Math.max(from, first);
    const high = backwards ? Math.min(from, last) : last;
    if (low > high || limit === 0) return { kind: 'page', events: [], next: backwards ? -1 : last + 1, atEnd: true };
    const { events, cut } = collect(backwards ? streamBackwards : streamForwards, [toText(stream), low, high], limit);
    const step = backwards ? -1 : 1;
    const expected = cut ? events.length : Math.min(limit, high - low + 1);
    const reached = (backwards ? high : low) + step * (expected - 1);
    if (events.length !== expected || events.at(-1)?.revision !== reached) {
      throw context.explain(gap(`stream ${stream}`, reached));
    }
    const atEnd = backwards ? reached <= low : reached >= high;
    return { kind: 'page', events: young(events, metadata), next: reached + step, atEnd };
  }

  function young(events: RecordedEvent[], { maxAge }: StreamMetadata): RecordedEvent[] {
    if (maxAge === undefined) return events;
    const oldest = now() - maxAge * 1000;
    return events.filter((event) => event.created >= oldest);
  }

  function readAll({ from, limit, backwards }: PageRequest): Page {
    const { events, cut } = collect(backwards ? allBackwards : allForwards, [from], limit);
    const last = events.at(-1);
    const atEnd = !cut && events.length < limit;
    if (last === undefined) return { events, next: from, atEnd: true };
    const first = events[0]?.position ?? from;
    const span = Math.abs(last.position - first) + 1;
    if (span !== events.length || (!backwards && first !== from)) throw context.explain(gap('the log', first));
    return { events, next: backwards ? last.position : last.position + 1, atEnd };
  }

  function eventAt(stream: string, revision: number): RecordedEvent | undefined {
    if (revision < 0) return undefined;
    return collect(streamForwards, [toText(stream), revision, revision], 1).events[0];
  }

  function resolve(event: RecordedEvent, live = false): ResolvedEvent {
    if (event.type !== LINK_TYPE) return { event, link: undefined };
    const target = parseLink(event.data);
    if (target === undefined) return live ? { event: undefined, link: event } : { event, link: undefined };
    const { stream, revision } = target;
    return { event: readable(stream, revision === -1 ? lastRevision(stream) : revision), link: event };
  }

  function readable(stream: string, revision: number): RecordedEvent | undefined {
    const read = readStream(stream, { from: revision, limit: 1, backwards: false });
    const event = read.kind === 'page' ? read.events[0] : undefined;
    return event?.revision === revision ? event : undefined;
  }

  return { readStream, readAll, eventAt, readable, lastRevision, metadataOf, resolve };
}

function gap(where: string, place: number): DamagedLogError {
  return new DamagedLogError(`${where} has a gap at ${place}`);
}

function fromRow(row: Row): RecordedEvent {
  const [position, streamText, revision, id, typeText, json, created, data, metadata, checksum] = row;
  const stream = fromText(streamText);
  const type = fromText(typeText);
  const event = { position, stream, revision, id, type, isJson: json === 1, created, data, metadata };
  if (checksumOf(event) !== checksum) throw new DamagedLogError(`event ${position} does not match its checksum`);
  return event;
}

/** CRC-32 of all that an event is: SQLite has no checksum of its own, and a flipped bit must not pass for data. */
export function checksumOf(event: RecordedEvent): number {
  const { position, stream, revision, id, type, isJson, created, data, metadata } = event;
  const head = crc32(`${position} ${revision} ${created} ${id} ${isJson} ${type} ${stream}`);
  return continued(metadata, continued(data, head));
}

/** zlib answers 0, not the sum so far, for an empty buffer without memory of its own. */
function continued(bytes: Uint8Array, sum: number): number {
  return bytes.length === 0 ? sum : crc32(bytes, sum);
}

/** Where a link points; revision -1 for the last one. As EventStoreDB has it, only the revision can be invalid. */
function parseLink(data: Uint8Array): { revision: number; stream: string } | undefined {
  const text = Buffer.from(data).toString();
  const [, revision, stream = ''] = /^[\t-\r ]*([+-]?0*\d{1,19})[\t-\r ]*(?:@(.*))?$/su.exec(text) ?? [];
  if (revision === undefined || BigInt.asIntN(64, BigInt(revision)) !== BigInt(revision)) return undefined;
  return { revision: Number(revision), stream };
}
