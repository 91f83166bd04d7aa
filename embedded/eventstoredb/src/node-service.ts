import type { handleUnaryCall } from '@grpc/grpc-js';
import { unary } from './wire/unary.ts';

/** The version whose behaviour this server follows. */
const SERVER_VERSION = '23.10.8';

const TICKS_PER_MILLISECOND = 10_000n;
const LEADER = 8;

const STREAMS = 'event_store.client.streams.streams';
const GROUPS = 'event_store.client.persistent_subscriptions.persistentsubscriptions';
const GROUP_METHODS = ['create', 'update', 'delete', 'read', 'getinfo', 'list', 'replayparked', 'restartsubsystem'];

/** What is offered, with the features that EventStoreDB advertises: the client decides by them what it calls. */
const SUPPORTED: readonly (readonly [serviceName: string, methodName: string, features: readonly string[]])[] = [
  [STREAMS, 'read', ['position', 'events']],
  [STREAMS, 'append', []],
  [STREAMS, 'delete', []],
  [STREAMS, 'tombstone', []],
  [STREAMS, 'batchappend', ['deadline_duration']],
  ...GROUP_METHODS.map((method) => [GROUPS, method, ['stream', 'all']] as const),
  ['event_store.client.gossip.gossip', 'read', []],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods', []],
];

export const getSupportedMethods = unary(() => {
  const methods = SUPPORTED.map(([serviceName, methodName, features]) => ({ serviceName, methodName, features }));
  return { eventStoreServerVersion: SERVER_VERSION, methods };
});

/** Gossip of a cluster of one: this node, which leads. */
export function createGossipHandler(instanceId: string, port: number): handleUnaryCall<object, object> {
  return unary(() => {
    const timeStamp = String(BigInt(Date.now()) * TICKS_PER_MILLISECOND);
    const httpEndPoint = { address: '127.0.0.1', port };
    return { members: [{ instanceId: { string: instanceId }, timeStamp, state: LEADER, isAlive: true, httpEndPoint }] };
  });
}
