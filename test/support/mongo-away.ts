import { pino } from 'pino';
import type { FastifyInstance } from 'fastify';
import { connectMongo } from '../../src/read-models/database.ts';
import { createService } from '../../src/service.ts';
import type { TestService } from './service.ts';

/** Nothing listens on this port of 127.0.0.1: it is reserved (RFC 6335 §6, TCP port 1 is tcpmux). */
const NOWHERE = 'mongodb://127.0.0.1:1';

/** Runs `task` on another instance of a service, one that cannot reach MongoDB. */
export async function withMongoAway(like: TestService, task: (app: FastifyInstance) => Promise<void>): Promise<void> {
  const mongo = connectMongo(NOWHERE);
  const { eventStore, config } = like;
  const service = await createService({ config, eventStore, mongo, log: pino({ level: 'silent' }) });
  try {
    await task(service.app);
  } finally {
    await service.close();
    await mongo.close();
  }
}
