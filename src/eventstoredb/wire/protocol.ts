import { createRequire } from 'node:module';
import type * as persistentServices from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import type streamsMessages from '@eventstore/db-client/generated/streams_pb.js';
import type * as streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';

/**
 * The services of EventStoreDB that its client ships. Required rather than imported: Node searches imported CommonJS
 * for the names it exports, and these files are a megabyte.
 */
const load = createRequire(import.meta.url);

export const streams = load('@eventstore/db-client/generated/streams_pb.js') as typeof streamsMessages;
export const { StreamsClient } = load('@eventstore/db-client/generated/streams_grpc_pb.js') as typeof streamsServices;
export type StreamsClient = InstanceType<typeof StreamsClient>;

export const { PersistentSubscriptionsClient } = load(
  '@eventstore/db-client/generated/persistent_grpc_pb.js',
) as typeof persistentServices;
export type PersistentSubscriptionsClient = InstanceType<typeof PersistentSubscriptionsClient>;
