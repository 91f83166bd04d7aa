import { decode, elements, validate, type Element } from '../bson/read.ts';
import { types } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import type { Request } from '../handlers/context.ts';
import { codes, MongoError } from '../errors.ts';

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;
export const headerBytes = 16;

const flagChecksum = 1;
const flagMoreToCome = 2;
const flagExhaustAllowed = 1 << 16;

/** A client's message that breaks the protocol: its connection is closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** One message of a client. */
export interface Message {
  readonly requestId: number;
  readonly legacy: boolean;
  /** The client wants no answer. */
  readonly silent: boolean;
  /** The client takes further answers without asking again. */
  readonly exhaustAllowed: boolean;
  /** The command, or why its documents cannot be read. */
  readonly request: Request | MongoError;
}

const sequenceNames = new Set(['documents', 'updates', 'deletes']);

/**
 * Reads one whole message.
 *
 * @throws ProtocolError when its parts do not fit together or its operation is not offered
 */
export function readMessage(bytes: Buffer): Message {
  const operation = bytes.readInt32LE(12);
  if (operation === opMsg) return readOpMsg(bytes);
  if (operation === opQuery) return readOpQuery(bytes);
  throw new ProtocolError(`operation ${operation} is not offered`);
}

function readOpMsg(bytes: Buffer): Message {
  if (bytes.length < headerBytes + 10) throw new ProtocolError('OP_MSG too short');
  const flags = bytes.readUInt32LE(headerBytes);
  if ((flags & 0xffff & ~(flagChecksum | flagMoreToCome)) !== 0) throw new ProtocolError('unknown required flag');
  const end = (flags & flagChecksum) === 0 ? bytes.length : bytes.length - 4;
  const sections = splitSections(bytes, end);
  return {
    requestId: bytes.readInt32LE(4),
    legacy: false,
    silent: (flags & flagMoreToCome) !== 0,
    exhaustAllowed: (flags & flagExhaustAllowed) !== 0,
    request: readSafely(() => readCommand(bytes, sections)),
  };
}

interface Sections {
  readonly body: { readonly start: number; readonly end: number };
  readonly sequences: { readonly name: string; readonly start: number; readonly end: number }[];
}

function splitSections(bytes: Buffer, end: number): Sections {
  let body: Sections['body'] | undefined;
  const sequences: Sections['sequences'] = [];
  let at = headerBytes + 4;
  while (at < end) {
    const kind = bytes[at];
    const start = at + 1;
    if (end - start < 5) throw new ProtocolError('truncated section');
    const size = bytes.readInt32LE(start);
    if (size < 5 || size > end - start) throw new ProtocolError('section length out of bounds');
    at = start + size;
    if (kind === 0) {
      if (body !== undefined) throw new ProtocolError('two bodies');
      body = { start, end: at };
    } else if (kind === 1) {
      const close = bytes.indexOf(0, start + 4);
      if (close === -1 || close >= at) throw new ProtocolError('unterminated section name');
      sequences.push({ name: bytes.toString('utf8', start + 4, close), start: close + 1, end: at });
    } else {
      throw new ProtocolError('unknown section kind');
    }
  }
  if (body === undefined) throw new ProtocolError('no body');
  return { body, sequences };
}

function readCommand(bytes: Buffer, sections: Sections): Request {
  const { start, end } = sections.body;
  if (validate(bytes, start, end) !== end) throw new MongoError(codes.InvalidBSON, 'bytes behind the body');
  const sequences = new Map<string, Buffer[]>();
  for (const sequence of sections.sequences) {
    if (sequences.has(sequence.name))
      throw new MongoError(codes.FailedToParse, `duplicate document sequence: ${sequence.name}`);
    const documents: Buffer[] = [];
    for (let at = sequence.start; at < sequence.end;) {
      const next = validate(bytes, at, sequence.end);
      documents.push(bytes.subarray(at, next));
      at = next;
    }
    sequences.set(sequence.name, documents);
  }
  const fields = elements(bytes, start);
  const decoded = new Set<string>();
  for (const field of fields) {
    if (sequenceNames.has(field.name) && field.type === types.array) {
      if (sequences.has(field.name)) throw new MongoError(codes.FailedToParse, `duplicate field: ${field.name}`);
      sequences.set(field.name, embedded(bytes, field));
    } else decoded.add(field.name);
  }
  const body = decode(bytes, start, decoded);
  const db = body['$db'];
  if (typeof db !== 'string') throw new MongoError(40571, 'OP_MSG requests require a $db argument');
  return { name: fields[0]?.name ?? '', db, body, sequences };
}

function embedded(bytes: Buffer, array: Element): Buffer[] {
  return elements(bytes, array.at).map((item) => {
    if (item.type !== types.object)
      throw new MongoError(
        codes.TypeMismatch,
        `BSON field '${array.name}.${item.name}' is the wrong type, expected type 'object'`,
      );
    return bytes.subarray(item.at, item.end);
  });
}

/** The driver's first question may come in the old form; nothing else may. */
function readOpQuery(bytes: Buffer): Message {
  const close = bytes.indexOf(0, headerBytes + 4);
  const start = close + 9;
  if (close === -1 || bytes.length - start < 5) throw new ProtocolError('truncated OP_QUERY');
  const namespace = bytes.toString('utf8', headerBytes + 4, close);
  if (!namespace.endsWith('.$cmd')) throw new ProtocolError('OP_QUERY is offered for commands only');
  const request = readSafely((): Request => {
    validate(bytes, start, bytes.length);
    const name = elements(bytes, start)[0]?.name ?? '';
    if (name !== 'ismaster' && name !== 'isMaster' && name !== 'hello') {
      throw new MongoError(352, `Unsupported OP_QUERY command: ${name}. The client driver may require an upgrade.`);
    }
    return { name, db: namespace.slice(0, -'.$cmd'.length), body: decode(bytes, start), sequences: new Map() };
  });
  return { requestId: bytes.readInt32LE(4), legacy: true, silent: false, exhaustAllowed: false, request };
}

function readSafely(read: () => Request): Request | MongoError {
  try {
    return read();
  } catch (error) {
    if (error instanceof MongoError) return error;
    throw error;
  }
}

/** @param more a further answer follows without a question (exhaust) */
export function writeReply(
  message: Pick<Message, 'requestId' | 'legacy'>,
  reply: Readonly<Record<string, unknown>>,
  requestId: number,
  more = false,
): Buffer {
  const body = encode(reply);
  const head = Buffer.alloc(message.legacy ? 36 : 21);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(requestId, 4);
  head.writeInt32LE(message.requestId, 8);
  head.writeInt32LE(message.legacy ? opReply : opMsg, 12);
  if (message.legacy) {
    head.writeInt32LE(8, 16); // AwaitCapable
    head.writeInt32LE(1, 32); // one document
  } else if (more) head.writeUInt32LE(flagMoreToCome, 16);
  return Buffer.concat([head, body]);
}
