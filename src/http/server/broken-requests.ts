import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { ConnectionError } from 'fastify';
import { problem } from '../problems/catalogue.ts';
import { endConnection, latestAnswer } from './closing.ts';

/**
 * Answers what Node could not read as a request, before there is a route: a problem document all the same. Requests that
 * came before it on the connection are answered before it.
 */
export function answerBrokenRequest(error: ConnectionError, socket: Socket): void {
  const latest = latestAnswer(socket);
  if (latest?.closed !== false) answer(error, socket);
  else if (latest.req.complete) latest.once('close', () => answer(error, socket));
  else if (latest.headersSent) endConnection(socket);
  else answer(error, socket);
}

function answer({ code }: ConnectionError, socket: Socket): void {
  if (socket.writableEnded) return; // it has its answer, and is being closed
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const found =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? problem('request-timeout')
      : code === 'HPE_HEADER_OVERFLOW'
        ? problem('headers-too-large')
        : problem('bad-request', 'This is not an HTTP/1.1 request that the service can read.');
  const body = JSON.stringify({ ...found, instance: '' });
  socket.write(
    `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status] ?? ''}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  endConnection(socket);
}
