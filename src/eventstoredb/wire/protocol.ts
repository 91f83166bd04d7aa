import { createRequire } from 'node:module';
import type persistentMessages from '@eventstore/db-client/generated/persistent_pb.js';
import type streamsMessages from '@eventstore/db-client/generated/streams_pb.js';
import type * as streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';

/**
 * The messages and services of EventStoreDB's protocol that its client ships. Required rather than imported, since Node
 * searches the text of imported CommonJS for the names that it exports, and these files have a megabyte of it.
 */
const load = createRequire(import.meta.url);

export const persistent = load('@eventstore/db-client/generated/persistent_pb.js') as typeof persistentMessages;
export const streams = load('@eventstore/db-client/generated/streams_pb.js') as typeof streamsMessages;

export const { StreamsClient } = load('@eventstore/db-client/generated/streams_grpc_pb.js') as typeof streamsServices;

export type StreamsClient = InstanceType<typeof StreamsClient>;
