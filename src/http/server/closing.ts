import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a client still sends after its answer is read and dropped, so many bytes and so long. */
const MOST_DROPPED_BYTES = 64 * 1024 * 1024;
const LONGEST_MS = 5000;

/**
 * Has a server close connections in stages (RFC 9112 §9.6). A connection that is closed while its client still sends
 * is reset, and most clients then lose an answer that they have not read yet. An answer that comes before the end of
 * its request ends the connection.
 */
export function closeInStages(server: Server): Server {
  return server
    .on('connection', (socket: Socket) => {
      socket.destroySoon = () => endConnection(socket); // what Node's server calls after the last answer
    })
    .on('request', (_, response) => response.once('close', endIfIncomplete));
}

function endIfIncomplete(this: ServerResponse): void {
  const { req: request } = this;
  if (request.complete) return;
  // Of a short one, the end may have come with the beginning, and be parsed in this very turn.
  setImmediate(() => {
    if (!request.complete) endConnection(request.socket);
  });
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
