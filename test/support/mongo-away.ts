import type { FastifyInstance } from 'fastify';
import { connectMongo } from '../../src/read-models/database.ts';
import { createService } from '../../src/service.ts';
import { recordingLog, type TestService } from './service.ts';
import type { RecordedTracing } from './tracing.ts';

/** Nothing listens on this port of 127.0.0.1: it is reserved (RFC 6335 §6, TCP port 1 is tcpmux). */
const NOWHERE = 'mongodb://127.0.0.1:1';

/**
 * Runs `task` on another instance of a service, one that cannot reach MongoDB.
 *
 * @param task gets the lines that it logs as well
 */
export async function withMongoAway(
  like: TestService,
  task: (app: FastifyInstance, logged: TestService['logged']) => Promise<void>,
  tracing?: RecordedTracing,
): Promise<void> {
  const mongo = connectMongo(NOWHERE);
  const { eventStore, config } = like;
  const { log, logged } = recordingLog();
  const service = await createService({ config, eventStore, mongo, log, tracing });
  try {
    await task(service.app, logged);
  } finally {
    await service.close();
    await mongo.close();
  }
}
