import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Of a request's body: what is longer is refused, and not read. */
export const BODY_LIMIT = 256 * 1024;

/** What a client still sends after its answer is read and dropped, so many bytes and so long. */
const MOST_DROPPED_BYTES = 64 * 1024 * 1024;
const LONGEST_MS = 5000;

/**
 * Has a server close connections in stages (RFC 9112 §9.6). A connection that is closed while its client still sends
 * is reset, and most clients then lose an answer that they have not read yet. An answer that comes before the end of a
 * request that may be long says that it is the last of its connection; the rest of a short one Node reads and drops.
 */
export function closeInStages(server: Server): Server {
  return server
    .on('connection', (socket: Socket) => {
      socket.destroySoon = () => endConnection(socket); // what Node's server calls after the last answer
    })
    .prependListener('request', begin);
}

function begin(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length = 0, 'transfer-encoding': transfer, expect } = request.headers;
  // Who waits to be told to send a body may send it or the next request when told nothing (RFC 9110 §10.1.1).
  const mayBeLong = transfer !== undefined || expect !== undefined || Number(length) > BODY_LIMIT;
  if (!mayBeLong || !response.shouldKeepAlive) return;
  response.shouldKeepAlive = false;
  request.once('end', () => (response.shouldKeepAlive = true));
}

/** Ends what is sent on a connection at once, and the rest of it when the client does. */
export function endConnection(socket: Socket): void {
  if (socket.writableEnded || socket.destroyed) return;
  socket.end();
  let dropped = 0;
  // Without Node's own listener: nothing that comes now is a request.
  socket.removeAllListeners('data').on('data', ({ length }: Buffer) => {
    dropped += length;
    if (dropped > MOST_DROPPED_BYTES) socket.destroy();
  });
  socket.push(''); // has it read on, which it does not while a request waits to be read
  const timer = setTimeout(() => socket.destroy(), LONGEST_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
