import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Of one connection, while it waits for an answer: more are read when these have had their turn. */
const MOST_WAITING = 64;

interface Connection {
  /** The answer to its last request, which is sent after all others. */
  latest: ServerResponse;
  waiting: number;
}

const connections = new WeakMap<Socket, Connection>();

export function latestAnswer(socket: Socket): ServerResponse | undefined {
  return connections.get(socket)?.latest;
}

/**
 * Has requests that a client sends without waiting for answers worked on one after another, as they would be if it
 * waited: the second may build on the first (RFC 9112 §9.3.2). What comes after the last one of a connection is not
 * worked on (§9.6).
 */
export function inTurn(handle: RequestListener): RequestListener {
  return (request: IncomingMessage, response) => {
    const { socket } = request;
    if (socket.writableEnded) return;
    const connection = connections.get(socket);
    if (!connection) {
      connections.set(socket, { latest: response, waiting: 0 });
      return handle(request, response);
    }
    const before = connection.latest;
    connection.latest = response;
    if (before.closed) return handle(request, response);
    connection.waiting += 1;
    if (connection.waiting >= MOST_WAITING) socket.pause();
    before.once('close', () => {
      if (socket.writableEnded || socket.destroyed) return;
      connection.waiting -= 1;
      if (socket.isPaused()) socket.resume();
      handle(request, response);
    });
  };
}
