import type { Socket } from 'node:net';
import { maxMessageBytes } from '../handlers/diagnostics.ts';
import { headerBytes, ProtocolError, readMessage, type Message } from './wire.ts';

/** A client that begins a message has this long to finish it. */
const messageTimeoutMs = 30_000;
/** What a client may send ahead while its last question is not answered and taken. */
const maxAheadBytes = 1024 * 1024;
/** Answers that a client has not taken yet; above it its next question waits. */
const maxUnreadBytes = 1024 * 1024;

export interface Connection {
  /** Sends an answer; the client's next question is read unless more answers follow. */
  send(bytes: Buffer, more?: boolean): void;
  end(): void;
  readonly closed: boolean;
}

/**
 * Cuts a client's bytes into messages, one question at a time. Whatever is wrong with them ends this connection and
 * nothing else.
 *
 * @param onMessage called for each message in order; unless the message is silent its answer has to be sent
 */
export function openConnection(
  socket: Socket,
  onMessage: (message: Message, connection: Connection) => void,
  onClose: () => void,
): Connection {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let wanted = headerBytes;
  let busy = false;
  let closed = false;
  let deadline: NodeJS.Timeout | undefined;

  const connection: Connection = {
    send(bytes, more = false) {
      if (closed) return;
      socket.write(bytes);
      busy = more;
      if (buffered >= wanted) setImmediate(pump);
    },
    end() {
      socket.destroySoon();
      setTimeout(() => socket.destroy(), 1000).unref(); // of a client that does not read
    },
    get closed() {
      return closed;
    },
  };

  function pump(): void {
    try {
      while (buffered >= wanted && !busy && !closed && socket.writableLength <= maxUnreadBytes) next();
    } catch {
      socket.destroy(); // broken beyond an answer
    }
    const stuck = buffered >= wanted;
    if (stuck && buffered > maxAheadBytes) socket.pause();
    else if (socket.isPaused()) socket.resume();
    if (buffered === 0 || stuck) {
      clearTimeout(deadline);
      deadline = undefined;
    } else deadline ??= setTimeout(() => socket.destroy(), messageTimeoutMs).unref();
  }

  function next(): void {
    const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, buffered);
    const length = bytes.readInt32LE(0);
    if (length < headerBytes || length > maxMessageBytes)
      throw new ProtocolError(`message length ${length} out of bounds`);
    chunks = [bytes];
    wanted = length;
    if (bytes.length < length) return;
    const message = readMessage(bytes.subarray(0, length));
    chunks = bytes.length === length ? [] : [bytes.subarray(length)];
    buffered -= length;
    wanted = headerBytes;
    clearTimeout(deadline);
    deadline = undefined;
    busy = !message.silent;
    onMessage(message, connection);
  }

  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    buffered += chunk.length;
    pump();
  });
  socket.on('drain', pump);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    closed = true;
    chunks = [];
    clearTimeout(deadline);
    onClose();
  });
  return connection;
}
