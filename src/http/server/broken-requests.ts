import type { Socket } from 'node:net';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { ConnectionError } from 'fastify';
import { problem, type ProblemDetails } from '../problems/catalogue.ts';
import { endConnection } from './closing.ts';
import { latestAnswer } from './turns.ts';

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

/** Answers a CONNECT, which Node would hang up on. */
export function refuseTunnel(_: IncomingMessage, socket: Socket): void {
  write(problem('method-not-allowed', 'This service is no proxy.'), socket, 'allow: \r\n');
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
  write(found, socket);
}

function write(found: ProblemDetails, socket: Socket, headers = ''): void {
  const body = JSON.stringify({ ...found, instance: '' });
  socket.write(
    `HTTP/1.1 ${found.status} ${STATUS_CODES[found.status] ?? ''}\r\ncontent-type: application/problem+json\r\n` +
      `${headers}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  endConnection(socket);
}
