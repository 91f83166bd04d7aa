import type { handleUnaryCall } from '@grpc/grpc-js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { Empty } from '@eventstore/db-client/generated/shared_pb.js';
import { features, gossip, shared } from './protocol.ts';

/** The version whose behaviour this server follows. */
const SERVER_VERSION = '23.10.8';

const TICKS_PER_MILLISECOND = 10_000n;

/** What is offered, with the features that EventStoreDB advertises: the client decides by them what it calls. */
const SUPPORTED: readonly (readonly [service: string, methods: Record<string, readonly string[]>])[] = [
  [
    'event_store.client.streams.streams',
    { read: ['position', 'events'], append: [], delete: [], tombstone: [], batchappend: ['deadline_duration'] },
  ],
  [
    'event_store.client.persistent_subscriptions.persistentsubscriptions',
    Object.fromEntries(
      ['create', 'update', 'delete', 'read', 'getinfo', 'list', 'replayparked', 'restartsubsystem'].map((method) => [
        method,
        ['stream', 'all'],
      ]),
    ),
  ],
  ['event_store.client.gossip.gossip', { read: [] }],
  ['event_store.client.server_features.serverfeatures', { getsupportedmethods: [] }],
];

export const getSupportedMethods: handleUnaryCall<Empty, SupportedMethods> = (_call, callback) => {
  const response = new features.SupportedMethods();
  response.setEventStoreServerVersion(SERVER_VERSION);
  for (const [service, methods] of SUPPORTED) {
    for (const [name, offered] of Object.entries(methods)) {
      const method = new features.SupportedMethod();
      method.setServiceName(service);
      method.setMethodName(name);
      method.setFeaturesList([...offered]);
      response.addMethods(method);
    }
  }
  callback(null, response);
};

/** Gossip of a cluster of one: this node, which leads. */
export function createGossipHandler(instanceId: string, port: number): handleUnaryCall<Empty, ClusterInfo> {
  return (_call, callback) => {
    const id = new shared.UUID();
    id.setString(instanceId);
    const endPoint = new gossip.EndPoint();
    endPoint.setAddress('127.0.0.1');
    endPoint.setPort(port);
    const member = new gossip.MemberInfo();
    member.setInstanceId(id);
    member.setTimeStamp(String(BigInt(Date.now()) * TICKS_PER_MILLISECOND));
    member.setState(gossip.MemberInfo.VNodeState.LEADER);
    member.setIsAlive(true);
    member.setHttpEndPoint(endPoint);
    const response = new gossip.ClusterInfo();
    response.addMembers(member);
    callback(null, response);
  };
}
