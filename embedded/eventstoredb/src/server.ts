import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import {
  corrupt,
  CorruptStoreError,
  type EmbeddedOptions,
  type EmbeddedServer,
  openStoreFile,
  PortTakenError,
  type StoreFile,
} from '@marios-pizzeria/embedded-host';
import { dropRacingDuplicates, FAULTS } from './faults.ts';
import { createConsumerHandler } from './groups/consumer-service.ts';
import { createGroupHandlers } from './groups/group-service.ts';
import type { Groups } from './groups/groups.ts';
import { createGroups } from './groups/groups.ts';
import { jsonEvent, metastreamOf } from './log/events.ts';
import type { EventLog } from './log/log.ts';
import { createEventLog } from './log/log.ts';
import { DamagedLogError } from './log/log-reader.ts';
import { APPLICATION_ID, SCHEMA } from './log/schema.ts';
import { createGossipHandler, getSupportedMethods } from './node-service.ts';
import { createAppendHandler } from './streams/append.ts';
import { createBatchAppendHandler } from './streams/batch-append.ts';
import { createDeleteHandler } from './streams/delete.ts';
import { createReadHandler } from './streams/read.ts';
import { serviceOf } from './wire/protocol.ts';
import type { OpenCalls } from './wire/response-sink.ts';

const HOST = '127.0.0.1';

/** EventStoreDB takes messages of up to 16 MiB; larger ones end their call with RESOURCE_EXHAUSTED. */
const MAX_MESSAGE_BYTES = 16 << 20;

/** EventStoreDB's own defaults: a consumer whose connection is gone must not keep its events for good. */
const KEEP_ALIVE = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 10_000 };

/** How long a closing server waits for calls to end by themselves. */
const CLOSE_MS = 1000;

/**
 * Opens the store in `dataDir` and serves it on loopback.
 *
 * @throws StoreFileError when the store cannot be used; Error when the port is taken or a fault is not known
 */
export async function startServer({ dataDir, port, faults = [] }: EmbeddedOptions): Promise<EmbeddedServer> {
  const unknown = faults.find((fault) => !(FAULTS as readonly string[]).includes(fault));
  if (unknown !== undefined) throw new Error(`${unknown} is not a fault that this server can show`);
  const file = openStoreFile(join(dataDir, 'eventstoredb.sqlite'), APPLICATION_ID, SCHEMA);
  try {
    return await serve(file, port, faults);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function serve(file: StoreFile, port: number, faults: readonly string[]): Promise<EmbeddedServer> {
  let fail: (error: CorruptStoreError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined); // whoever waits for it still sees the rejection
  const explain = (error: unknown): unknown => {
    const explained = error instanceof DamagedLogError ? corrupt(file.path, error.message) : file.explain(error);
    if (explained instanceof CorruptStoreError) fail(explained);
    return explained;
  };
  const sound = createEventLog(file.db, Date.now, randomUUID, explain);
  const log = faults.includes('drop-racing-duplicates') ? dropRacingDuplicates(sound) : sound;
  setLogVerbosity(logVerbosity.NONE); // what it would print, callers get as errors
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    ...KEEP_ALIVE,
  });
  const boundPort = await bind(server, port);
  if (log.end() === 0) await initialize(log);
  const groups = createGroups(log, Date.now, randomUUID);
  const calls: OpenCalls = new Set();
  addServices(server, log, groups, calls, boundPort);
  return {
    url: `esdb://${HOST}:${boundPort}?tls=false`,
    failed,
    async close() {
      groups.stop();
      log.flush();
      await new Promise((resolve) => setImmediate(resolve)); // the answers to what was just written go out first
      for (const stop of [...calls]) stop();
      await shutDown(server);
      log.close();
      file.close();
    },
  };
}

/** What a new node of EventStoreDB writes before anything else: limits for two streams of its own. */
async function initialize(log: EventLog): Promise<void> {
  const limits = [
    ['$scavenges', 30 * 24 * 3600],
    ['$stats', 24 * 3600],
  ] as const;
  for (const [stream, $maxAge] of limits) {
    const events = [jsonEvent(randomUUID(), '$metadata', { $maxAge })];
    await log.append({ stream: metastreamOf(stream), expected: 'any', events });
  }
}

function addServices(server: Server, log: EventLog, groups: Groups, calls: OpenCalls, port: number): void {
  server.addService(serviceOf('streams.Streams'), {
    read: createReadHandler(log, calls, randomUUID),
    append: createAppendHandler(log, calls),
    batchAppend: createBatchAppendHandler(log, calls),
    delete: createDeleteHandler(log, 'soft'),
    tombstone: createDeleteHandler(log, 'tombstone'),
  });
  server.addService(serviceOf('persistent_subscriptions.PersistentSubscriptions'), {
    ...createGroupHandlers(groups),
    read: createConsumerHandler(groups),
  });
  server.addService(serviceOf('server_features.ServerFeatures'), { getSupportedMethods });
  server.addService(serviceOf('gossip.Gossip'), { read: createGossipHandler(randomUUID(), port) });
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${HOST}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new PortTakenError(`port ${port} of ${HOST} is in use by another program`, { cause: error }));
    });
  });
}

/** Closes the connections; one that does not answer in time is cut. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, CLOSE_MS);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
