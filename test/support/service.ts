import { randomBytes } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { FastifyInstance, InjectOptions } from 'fastify';
import type { MongoClient } from 'mongodb';
import { type Logger, pino } from 'pino';
import { expect, inject } from 'vitest';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { createService, type Service, type ServiceOptions } from '../../src/service.ts';
import { groupName } from './group.ts';
import { type ExportedSpan, recordTracing, type RecordedTracing, unknownIn } from './tracing.ts';
import { until } from './until.ts';

export interface TestService {
  readonly app: FastifyInstance;
  readonly service: Service;
  readonly eventStore: EventStoreDBClient;
  readonly mongo: MongoClient;
  readonly config: ServiceOptions['config'];
  /** Name of its consumer group on the server. */
  readonly group: string;
  /** Lines that the service logged, parsed. */
  readonly logged: Record<string, unknown>[];
  /** Spans that it exported; none of one that is not traced. */
  readonly spans: readonly ExportedSpan[];
  post(url: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  /** For a URL with `minRevision`: asks again while a busy machine has not projected it in the time that one request waits. */
  getProjected(url: string, headers?: Record<string, string>): Promise<Answer>;
  put(url: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  delete(url: string, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  /** The parsed JSON body; undefined for an empty one. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly body: any;
}

export interface TestServiceOptions {
  readonly config?: Partial<ServiceOptions['config']>;
  readonly clock?: () => Date;
  readonly readModels?: ServiceOptions['readModels'];
  /** Default: the one that all tests share. */
  readonly eventStoreUrl?: string;
  readonly access?: ServiceOptions['access'];
  /** Default: first instances are traced, and others of the same service are not. */
  readonly tracing?: RecordedTracing | undefined;
  /** Where a service of this test lives already: a second instance of it. */
  readonly like?: TestService;
}

/** A service on the test's servers, in streams, a group and a database that no other test uses. */
export async function startTestService({
  config = {},
  clock,
  readModels,
  eventStoreUrl = inject('eventStoreUrl'),
  access,
  like,
  tracing = like ? undefined : recordTracing(),
}: TestServiceOptions = {}): Promise<TestService> {
  const name = `t${randomBytes(6).toString('hex')}`;
  const full = like?.config ?? {
    mongoDatabase: `test_${name}`,
    consumerGroup: name,
    streamPrefix: `${name}-`,
    currency: 'USD',
    snapshotEvery: 100,
    withheldEvents: undefined,
    maxInFlight: 1000,
    maxStreams: 500,
    rateLimitPerMinute: undefined,
    trustProxy: undefined,
    pages: { warnMinutes: 10, lateMinutes: 20, timeZone: 'Europe/Rome', traceUrlTemplate: undefined },
    ...config,
  };
  const eventStore = like?.eventStore ?? connectEventStore(eventStoreUrl);
  const mongo = like?.mongo ?? connectMongo(inject('mongoUrl'));
  const group = groupName(full.consumerGroup, full.streamPrefix, readModels);
  const { log, logged } = recordingLog();
  const service = await createService({
    config: full,
    eventStore,
    mongo,
    log,
    ...(clock && { clock }),
    access,
    tracing,
    ...(readModels && { readModels }),
  });
  await until('the projection consumes', () => service.worker.status().state === 'consuming');
  const send = async (options: InjectOptions): Promise<Answer> => {
    const { statusCode, headers, body } = await service.app.inject(options);
    return { status: statusCode, headers, body: body === '' ? undefined : (JSON.parse(body) as unknown) };
  };
  return {
    app: service.app,
    service,
    eventStore,
    mongo,
    config: full,
    group,
    logged,
    spans: tracing?.spans ?? [],
    post: (url, body, headers = {}) => send({ method: 'POST', url, payload: body as object, headers }),
    get: (url, headers = {}) => send({ method: 'GET', url, headers }),
    getProjected: (url, headers = {}) =>
      until(`${url} is projected`, async () => {
        const answer = await send({ method: 'GET', url, headers });
        const { type } = (answer.body ?? {}) as { readonly type?: unknown };
        return type === '/problems/not-yet-projected' ? undefined : answer;
      }),
    put: (url, body, headers = {}) => send({ method: 'PUT', url, payload: body as object, headers }),
    delete: (url, headers = {}) => send({ method: 'DELETE', url, headers }),
    async close() {
      await service.close();
      await tracing?.close();
      const unknown = tracing?.spans.flatMap(unknownIn) ?? [];
      if (like) return;
      await eventStore.deletePersistentSubscriptionToAll(group);
      await mongo.db(full.mongoDatabase).dropDatabase();
      await eventStore.dispose();
      await mongo.close();
      expect(unknown, 'what spans say that they should not').toEqual([]);
    },
  };
}

/** A log that keeps its lines, parsed. */
export function recordingLog(): { readonly log: Logger; readonly logged: Record<string, unknown>[] } {
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'info' },
    { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { log, logged };
}
