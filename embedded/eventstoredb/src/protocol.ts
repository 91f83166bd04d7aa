import { createRequire } from 'node:module';
import type gossipMessages from '@eventstore/db-client/generated/gossip_pb.js';
import type * as gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type persistentMessages from '@eventstore/db-client/generated/persistent_pb.js';
import type * as persistentServices from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import type featuresMessages from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type * as featuresServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type sharedMessages from '@eventstore/db-client/generated/shared_pb.js';
import type streamsMessages from '@eventstore/db-client/generated/streams_pb.js';
import type * as streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';

/**
 * EventStoreDB's protocol: the messages and services that its client ships. Required rather than imported, since Node
 * searches the text of imported CommonJS for the names that it exports, and these files have a megabyte of it.
 */
const load = createRequire(import.meta.url);

export const gossip = load('@eventstore/db-client/generated/gossip_pb.js') as typeof gossipMessages;
export const persistent = load('@eventstore/db-client/generated/persistent_pb.js') as typeof persistentMessages;
export const features = load('@eventstore/db-client/generated/serverfeatures_pb.js') as typeof featuresMessages;
export const shared = load('@eventstore/db-client/generated/shared_pb.js') as typeof sharedMessages;
export const streams = load('@eventstore/db-client/generated/streams_pb.js') as typeof streamsMessages;

export const { GossipService } = load('@eventstore/db-client/generated/gossip_grpc_pb.js') as typeof gossipServices;
export const { PersistentSubscriptionsService } = load(
  '@eventstore/db-client/generated/persistent_grpc_pb.js',
) as typeof persistentServices;
export const { ServerFeaturesService } = load(
  '@eventstore/db-client/generated/serverfeatures_grpc_pb.js',
) as typeof featuresServices;
export const { StreamsService } = load('@eventstore/db-client/generated/streams_grpc_pb.js') as typeof streamsServices;
