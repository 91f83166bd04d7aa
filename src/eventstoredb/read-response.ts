/**
 * An answer that brings an event, read straight from its bytes: with the methods that the event store's client calls
 * on what the generated code makes of it.
 */
export class EventResponse {
  readonly #event: ReadEvent;

  constructor(event: ReadEvent) {
    this.#event = event;
  }

  hasEvent(): boolean {
    return true;
  }

  getEvent(): ReadEvent {
    return this.#event;
  }

  hasSubscriptionConfirmation(): boolean {
    return false;
  }
}

/** An event, or a link with the event that it leads to. */
class ReadEvent {
  event: RecordedEvent | undefined;
  link: RecordedEvent | undefined;
  commitPosition: number | undefined;
  retryCount: number | undefined;

  hasEvent(): boolean {
    return this.event !== undefined;
  }

  getEvent(): RecordedEvent | undefined {
    return this.event;
  }

  hasLink(): boolean {
    return this.link !== undefined;
  }

  getLink(): RecordedEvent | undefined {
    return this.link;
  }

  hasCommitPosition(): boolean {
    return this.commitPosition !== undefined;
  }

  getCommitPosition(): number {
    return this.commitPosition ?? 0;
  }

  hasRetryCount(): boolean {
    return this.retryCount !== undefined;
  }

  getRetryCount(): number {
    return this.retryCount ?? 0;
  }
}

const NO_BYTES = new Uint8Array();

class RecordedEvent {
  id: string | undefined;
  streamName: Uint8Array | undefined;
  streamRevision = 0;
  preparePosition = 0;
  commitPosition = 0;
  readonly metadata = new Map<string, string>();
  customMetadata: Uint8Array = NO_BYTES;
  data: Uint8Array = NO_BYTES;

  hasId(): boolean {
    return this.id !== undefined;
  }

  getId(): this {
    return this;
  }

  /** Of the id. */
  hasStructured(): boolean {
    return false;
  }

  /** Of the id. */
  getString(): string {
    return this.id ?? '';
  }

  hasStreamIdentifier(): boolean {
    return this.streamName !== undefined;
  }

  getStreamIdentifier(): this {
    return this;
  }

  /** Of the stream identifier. */
  getStreamName(): Uint8Array {
    return this.streamName ?? NO_BYTES;
  }

  getStreamRevision(): number {
    return this.streamRevision;
  }

  getPreparePosition(): number {
    return this.preparePosition;
  }

  getCommitPosition(): number {
    return this.commitPosition;
  }

  getMetadataMap(): ReadonlyMap<string, string> {
    return this.metadata;
  }

  getCustomMetadata_asU8(): Uint8Array {
    return this.customMetadata;
  }

  getData(): Uint8Array {
    return this.data;
  }

  getData_asU8(): Uint8Array {
    return this.data;
  }
}

/** Something that answers with events do not have: the generated code shall read it. */
class UnusualResponse extends Error {}

/** Tags of protocol buffers, which are a field's number and its wire type: 0 a number, 2 bytes. */
const number = (field: number) => field << 3;
const bytes = (field: number) => (field << 3) | 2;

/** Of `ReadResp`, in both services. */
const EVENT_OF_RESPONSE = bytes(1);
/** Of `ReadEvent`; the last two of persistent subscriptions only. */
const [EVENT, LINK, COMMIT, NO_POSITION] = [bytes(1), bytes(2), number(3), bytes(4)];
const [RETRY_COUNT, NO_RETRY_COUNT] = [number(5), bytes(6)];
/** Of `RecordedEvent`. */
const [ID, STREAM, REVISION, PREPARE_POSITION] = [bytes(1), bytes(2), number(3), number(4)];
const [COMMIT_POSITION, METADATA, CUSTOM_METADATA, DATA] = [number(5), bytes(6), bytes(7), bytes(8)];
const ID_AS_STRING = bytes(2);
const STREAM_NAME = bytes(3);
const [KEY, VALUE] = [bytes(1), bytes(2)];

/**
 * Reads an answer that brings an event and nothing else.
 *
 * @param message `event_store.client.streams.ReadResp` or `event_store.client.persistent_subscriptions.ReadResp`
 * @returns undefined for what it does not know, down to the last field
 */
export function readEventResponse(message: Uint8Array): EventResponse | undefined {
  if (message[0] !== EVENT_OF_RESPONSE) return undefined;
  const reader = new Reader(message);
  try {
    const event = new ReadEvent();
    reader.number(); // the tag
    if (reader.fields((tag) => readEvent(reader, event, tag)) !== message.length) return undefined;
    return new EventResponse(event);
  } catch (error) {
    if (error instanceof UnusualResponse) return undefined;
    throw error;
  }
}

function readEvent(reader: Reader, event: ReadEvent, tag: number): void {
  switch (tag) {
    case EVENT:
      event.event = readRecorded(reader);
      break;
    case LINK:
      event.link = readRecorded(reader);
      break;
    case COMMIT:
      event.commitPosition = reader.number();
      break;
    case NO_POSITION:
      event.commitPosition = undefined;
      reader.bytes();
      break;
    case RETRY_COUNT:
      event.retryCount = reader.number();
      break;
    case NO_RETRY_COUNT:
      event.retryCount = undefined;
      reader.bytes();
      break;
    default:
      throw new UnusualResponse();
  }
}

function readRecorded(reader: Reader): RecordedEvent {
  const recorded = new RecordedEvent();
  reader.fields((tag) => {
    switch (tag) {
      case ID:
        recorded.id = reader.only(ID_AS_STRING).text();
        break;
      case STREAM:
        recorded.streamName = reader.only(STREAM_NAME).bytes();
        break;
      case REVISION:
        recorded.streamRevision = reader.number();
        break;
      case PREPARE_POSITION:
        recorded.preparePosition = reader.number();
        break;
      case COMMIT_POSITION:
        recorded.commitPosition = reader.number();
        break;
      case METADATA:
        readEntry(reader, recorded.metadata);
        break;
      case CUSTOM_METADATA:
        recorded.customMetadata = reader.bytes();
        break;
      case DATA:
        recorded.data = reader.bytes();
        break;
      default:
        throw new UnusualResponse();
    }
  });
  return recorded;
}

function readEntry(reader: Reader, metadata: Map<string, string>): void {
  let key = '';
  let value = '';
  reader.fields((tag) => {
    if (tag === KEY) key = reader.text();
    else if (tag === VALUE) value = reader.text();
    else throw new UnusualResponse();
  });
  metadata.set(key, value);
}

/** Reads the fields of messages one after the other; each method throws UnusualResponse. */
class Reader {
  readonly #message: Uint8Array;
  readonly #text: Buffer;
  #at = 0;
  #end: number;

  constructor(message: Uint8Array) {
    this.#message = message;
    this.#text = Buffer.from(message.buffer, message.byteOffset, message.length);
    this.#end = message.length;
  }

  /** A number that is exact as one of JavaScript's. */
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#message[this.#at];
      if (byte === undefined || this.#at === this.#end) throw new UnusualResponse();
      this.#at += 1;
      value += (byte & 127) * factor;
      if (byte > 127) continue;
      if (!Number.isSafeInteger(value)) throw new UnusualResponse();
      return value;
    }
  }

  bytes(): Uint8Array {
    const end = this.#endOfBytes();
    const found = this.#message.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  text(): string {
    const end = this.#endOfBytes();
    const found = this.#text.toString('utf8', this.#at, end);
    this.#at = end;
    return found;
  }

  /**
   * Reads a message in the message.
   *
   * @param read reads the field of a tag
   * @returns where it ends
   */
  fields(read: (tag: number) => void): number {
    const outer = this.#end;
    const end = (this.#end = this.#endOfBytes());
    while (this.#at < end) read(this.number());
    this.#end = outer;
    return end;
  }

  /** Enters a message in the message that has only this field, which is to be read next. */
  only(tag: number): this {
    const end = this.#endOfBytes();
    if (this.number() !== tag) throw new UnusualResponse();
    const before = this.#at;
    if (this.#endOfBytes() !== end) throw new UnusualResponse();
    this.#at = before;
    return this;
  }

  #endOfBytes(): number {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#end) throw new UnusualResponse();
    return end;
  }
}
