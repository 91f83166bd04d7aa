import type { Server, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { BODY_LIMIT } from './closing.ts';

/** Answers to clients that have been told nothing yet and keep their bodies back until then. */
const waiting = new WeakSet<ServerResponse>();

/**
 * A client that expects `100-continue` is told to send its body when it is about to be read, and not before it is known
 * that the head alone does not decide (RFC 9110 §10.1.1). What else is expected may be ignored; Node would answer
 * without a word.
 */
export function heedExpectations(server: Server): Server {
  return server
    .on('checkExpectation', (request, response) => server.emit('request', request, response))
    .on('checkContinue', (request, response: ServerResponse) => {
      waiting.add(response);
      server.emit('request', request, response);
    });
}

export function registerContinue(app: FastifyInstance): void {
  app.addHook('preParsing', ({ headers }, { raw: response }, _, done) => {
    if (waiting.has(response) && !(Number(headers['content-length']) > BODY_LIMIT)) {
      waiting.delete(response);
      response.writeContinue();
    }
    done();
  });
}
