import { createRequire } from 'node:module';
/**
 * The messages and services of EventStoreDB's protocol that its client ships. Required rather than imported, since Node
 * searches the text of imported CommonJS for the names that it exports, and these files have a megabyte of it.
 */
const load = createRequire(import.meta.url);
export const persistent = load('@eventstore/db-client/generated/persistent_pb.js');
export const streams = load('@eventstore/db-client/generated/streams_pb.js');
export const { StreamsClient } = load('@eventstore/db-client/generated/streams_grpc_pb.js');
