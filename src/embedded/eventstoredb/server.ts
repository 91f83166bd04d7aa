import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { PersistentSubscriptionsService } from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { openStoreFile } from '../database.ts';
import type { EmbeddedOptions } from '../launch.ts';
import { decodeAppend, decodeBatchAppend } from './append-codec.ts';
import { createAppendHandlers } from './append-service.ts';
import { decodeConsumerMessage } from './consumer-codec.ts';
import { createConsumerHandler } from './consumer-service.ts';
import { createGroupHandlers } from './group-service.ts';
import { createGroups } from './groups.ts';
import { APPLICATION_ID, createEventLog, SCHEMA } from './log.ts';
import { createGossipHandler, getSupportedMethods } from './node-service.ts';
import { createReadHandler } from './read-service.ts';

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** EventStoreDB takes messages of up to 16 MiB; larger ones end their call with RESOURCE_EXHAUSTED. */
const MAX_MESSAGE_BYTES = 16 << 20;

/** How long a closing server waits for calls to end by themselves. */
const CLOSE_MS = 1000;

/**
 * Opens the store in `dataDir` and serves it on loopback.
 *
 * @throws StoreFileError when the store cannot be used; Error when the port is taken
 */
export async function startServer({ dataDir, port }: EmbeddedOptions): Promise<RunningServer> {
  const file = openStoreFile(join(dataDir, 'eventstoredb.sqlite'), APPLICATION_ID, SCHEMA);
  const log = createEventLog(file.db, Date.now, randomUUID);
  const groups = createGroups(log, Date.now, randomUUID);
  const server = new Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
  });
  let boundPort = port;

  const asIs = (message: Buffer): Buffer => message;
  const { read, append, batchAppend } = StreamsService;
  server.addService(
    {
      ...StreamsService,
      read: { ...read, responseSerialize: asIs },
      append: { ...append, requestDeserialize: decodeAppend, responseSerialize: asIs },
      batchAppend: { ...batchAppend, requestDeserialize: decodeBatchAppend, responseSerialize: asIs },
    },
    { ...createAppendHandlers(log), read: createReadHandler(log, randomUUID) },
  );
  const { read: consume } = PersistentSubscriptionsService;
  server.addService(
    {
      ...PersistentSubscriptionsService,
      read: { ...consume, requestDeserialize: decodeConsumerMessage, responseSerialize: asIs },
    },
    { ...createGroupHandlers(groups), read: createConsumerHandler(groups) },
  );
  server.addService(ServerFeaturesService, { getSupportedMethods });
  server.addService(GossipService, { read: createGossipHandler(randomUUID(), () => boundPort) });

  async function close(): Promise<void> {
    groups.stop();
    await shutDown(server);
    log.close();
    file.close();
  }

  try {
    boundPort = await bind(server, port);
  } catch (error) {
    await close();
    throw error;
  }
  return { port: boundPort, close };
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${HOST}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`port ${port} of ${HOST} cannot be used: ${error.message}`));
    });
  });
}

/** Lets calls end that are about to; subscriptions never do, so what is left is cut. */
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
