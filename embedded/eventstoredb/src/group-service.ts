import type { handleUnaryCall } from '@grpc/grpc-js';
import type {
  CreateReq,
  CreateResp,
  DeleteReq,
  DeleteResp,
  GetInfoReq,
  GetInfoResp,
  ListReq,
  ListResp,
  ReplayParkedReq,
  ReplayParkedResp,
  SubscriptionInfo,
  UpdateReq,
  UpdateResp,
} from '@eventstore/db-client/generated/persistent_pb.js';
import type { Empty, StreamIdentifier } from '@eventstore/db-client/generated/shared_pb.js';
import { persistent, shared } from './protocol.ts';
import type { EventFilter } from './filter.ts';
import { predicateOf } from './filter.ts';
import { ALL, formatPlace } from './group-config.ts';
import type { GroupInfo } from './group-info.ts';
import type { GroupSettings } from './group-settings.ts';
import { isStrategy } from './group-settings.ts';
import type { Groups } from './groups.ts';
import { groupError, invalidArgument, toRpcError } from './rpc-errors.ts';

/** `event_store.client.persistent_subscriptions.PersistentSubscriptions` but for `Read`. */
export interface GroupHandlers {
  readonly create: handleUnaryCall<CreateReq, CreateResp>;
  readonly update: handleUnaryCall<UpdateReq, UpdateResp>;
  readonly delete: handleUnaryCall<DeleteReq, DeleteResp>;
  readonly getInfo: handleUnaryCall<GetInfoReq, GetInfoResp>;
  readonly list: handleUnaryCall<ListReq, ListResp>;
  readonly replayParked: handleUnaryCall<ReplayParkedReq, ReplayParkedResp>;
  readonly restartSubsystem: handleUnaryCall<Empty, Empty>;
}

export function createGroupHandlers(groups: Groups): GroupHandlers {
  return {
    create: unary(async (request: CreateReq) => {
      const options = require(request.getOptions());
      const { stream, startFrom } = target(options);
      const group = options.getGroupName();
      const settings = readSettings(require(options.getSettings()), startFrom, stream, group);
      await groups.create({ stream, group, filter: readFilter(options.getAll()?.getFilter()), settings });
      return new persistent.CreateResp();
    }),

    update: unary(async (request: UpdateReq) => {
      const options = require(request.getOptions());
      const { stream, startFrom } = target(options);
      const group = options.getGroupName();
      groups.get(stream, group);
      await groups.update(stream, group, readSettings(require(options.getSettings()), startFrom, stream, group));
      return new persistent.UpdateResp();
    }),

    delete: unary(async (request: DeleteReq) => {
      const options = require(request.getOptions());
      await groups.remove(streamOf(options), options.getGroupName());
      return new persistent.DeleteResp();
    }),

    getInfo: unary((request: GetInfoReq) => {
      const options = require(request.getOptions());
      const response = new persistent.GetInfoResp();
      response.setSubscriptionInfo(toInfo(groups.get(streamOf(options), options.getGroupName()).info()));
      return response;
    }),

    list: unary((request: ListReq) => {
      const one = request.getOptions()?.getListForStream();
      const stream = one === undefined ? undefined : one.hasAll() ? ALL : nameOf(one.getStream());
      const hosts = groups.list(stream);
      const response = new persistent.ListResp();
      response.setSubscriptionsList(hosts.map((host) => toInfo(host.info())));
      return response;
    }),

    replayParked: unary((request: ReplayParkedReq) => {
      const options = require(request.getOptions());
      const stream = streamOf(options);
      const stopAt = options.hasStopAt() ? Number(options.getStopAt()) : undefined;
      if (stopAt !== undefined && stopAt < 0) {
        const reason = 'Cannot stop replaying parked message at a negative version.';
        throw groupError('failed', stream, options.getGroupName(), reason);
      }
      groups.get(stream, options.getGroupName()).replayParked(stopAt);
      return new persistent.ReplayParkedResp();
    }),

    restartSubsystem: unary(() => {
      groups.restart();
      return new shared.Empty();
    }),
  };
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toRpcError(error)),
      );
  };
}

function require<T>(value: T | undefined): T {
  if (value === undefined) throw invalidArgument('the request lacks its options');
  return value;
}

function nameOf(identifier: StreamIdentifier | undefined): string {
  const name = Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();
  if (name === '') throw invalidArgument('the request lacks a stream name');
  return name;
}

function streamOf(options: { hasAll(): boolean; getStreamIdentifier(): StreamIdentifier | undefined }): string {
  return options.hasAll() ? ALL : nameOf(options.getStreamIdentifier());
}

type ChangeOptions =
  NonNullable<ReturnType<CreateReq['getOptions']>> | NonNullable<ReturnType<UpdateReq['getOptions']>>;
type RequestSettings = NonNullable<ReturnType<ChangeOptions['getSettings']>>;

/** What a group follows and from where; -1 is the end. */
function target(options: ChangeOptions): { stream: string; startFrom: number } {
  const all = options.getAll();
  if (all !== undefined) {
    const position = all.getPosition();
    if (position !== undefined) return { stream: ALL, startFrom: Number(position.getCommitPosition()) };
    return { stream: ALL, startFrom: all.hasEnd() ? -1 : 0 };
  }
  const stream = options.getStream();
  if (stream !== undefined) {
    const name = nameOf(stream.getStreamIdentifier());
    if (stream.hasRevision()) return { stream: name, startFrom: toRevision(stream.getRevision()) };
    return { stream: name, startFrom: stream.hasEnd() ? -1 : 0 };
  }
  // The form of versions before 21.10, which the official client still sends: END is 2^64 - 1.
  const revision = options.getSettings()?.getRevision() ?? '0';
  return { stream: nameOf(options.getStreamIdentifier()), startFrom: toRevision(revision) };
}

function toRevision(text: string): number {
  const revision = Number(text);
  return revision > Number.MAX_SAFE_INTEGER ? -1 : revision;
}

const TICKS_PER_MILLISECOND = 10_000;
const NUMBERED_STRATEGIES = ['DispatchToSingle', 'RoundRobin', 'Pinned'] as const;

function readSettings(settings: RequestSettings, startFrom: number, stream: string, group: string): GroupSettings {
  const named = 'getConsumerStrategy' in settings ? settings.getConsumerStrategy() : '';
  const strategy = named === '' ? String(NUMBERED_STRATEGIES.at(settings.getNamedConsumerStrategy())) : named;
  if (!isStrategy(strategy)) {
    throw groupError('failed', stream, group, `Consumer strategy ${strategy} does not exist.`);
  }
  return {
    resolveLinks: settings.getResolveLinks(),
    startFrom,
    extraStatistics: settings.getExtraStatistics(),
    messageTimeout: settings.hasMessageTimeoutTicks()
      ? Number(settings.getMessageTimeoutTicks()) / TICKS_PER_MILLISECOND
      : settings.getMessageTimeoutMs(),
    maxRetryCount: settings.getMaxRetryCount(),
    checkpointAfter: settings.hasCheckpointAfterTicks()
      ? Number(settings.getCheckpointAfterTicks()) / TICKS_PER_MILLISECOND
      : settings.getCheckpointAfterMs(),
    minCheckpointCount: settings.getMinCheckpointCount(),
    maxCheckpointCount: settings.getMaxCheckpointCount(),
    maxSubscriberCount: settings.getMaxSubscriberCount(),
    liveBufferSize: settings.getLiveBufferSize(),
    readBatchSize: settings.getReadBatchSize(),
    historyBufferSize: settings.getHistoryBufferSize(),
    strategy,
  };
}

type RequestFilter = InstanceType<typeof persistent.CreateReq.AllOptions.FilterOptions>;

function readFilter(filter: RequestFilter | undefined): EventFilter | undefined {
  const expression = filter?.getStreamIdentifier() ?? filter?.getEventType();
  if (filter === undefined || expression === undefined) return undefined;
  const read: EventFilter = {
    on: filter.hasStreamIdentifier() ? 'stream' : 'type',
    prefixes: expression.getPrefixList(),
    regex: expression.getRegex() === '' ? undefined : expression.getRegex(),
  };
  try {
    predicateOf(read);
  } catch (error) {
    throw invalidArgument(error instanceof Error ? error.message : String(error));
  }
  return read;
}

function toInfo(info: GroupInfo): SubscriptionInfo {
  const { stream, group, settings } = info.definition;
  const message = new persistent.SubscriptionInfo();
  message.setEventSource(stream);
  message.setGroupName(group);
  message.setStatus(info.status);
  message.setConnectionsList(info.connections.map(toConnection));
  message.setAveragePerSecond(info.perSecond);
  message.setTotalItems(String(info.totalItems));
  message.setCountSinceLastMeasurement(String(info.since));
  message.setLastCheckpointedEventPosition(info.lastCheckpointed);
  message.setLastKnownEventPosition(info.lastKnown);
  message.setResolveLinkTos(settings.resolveLinks);
  message.setStartFrom(formatPlace(stream, settings.startFrom));
  message.setMessageTimeoutMilliseconds(settings.messageTimeout);
  message.setExtraStatistics(settings.extraStatistics);
  message.setMaxRetryCount(settings.maxRetryCount);
  message.setLiveBufferSize(settings.liveBufferSize);
  message.setBufferSize(settings.historyBufferSize);
  message.setReadBatchSize(settings.readBatchSize);
  message.setCheckPointAfterMilliseconds(settings.checkpointAfter);
  message.setMinCheckPointCount(settings.minCheckpointCount);
  message.setMaxCheckPointCount(settings.maxCheckpointCount);
  message.setReadBufferCount(info.readBuffer);
  message.setLiveBufferCount(String(info.liveBuffer));
  message.setRetryBufferCount(info.retryBuffer);
  message.setTotalInFlightMessages(info.inFlight);
  message.setOutstandingMessagesCount(info.outstanding);
  message.setNamedConsumerStrategy(settings.strategy);
  message.setMaxSubscriberCount(settings.maxSubscriberCount);
  message.setParkedMessageCount(String(info.parked));
  return message;
}

function toConnection(connection: GroupInfo['connections'][number]): SubscriptionInfo.ConnectionInfo {
  const message = new persistent.SubscriptionInfo.ConnectionInfo();
  message.setFrom('');
  message.setUsername('system');
  message.setAverageItemsPerSecond(connection.perSecond);
  message.setTotalItems(String(connection.totalItems));
  message.setCountSinceLastMeasurement(String(connection.since));
  message.setObservedMeasurementsList(
    connection.observed.map(([key, value]) => {
      const measurement = new persistent.SubscriptionInfo.Measurement();
      measurement.setKey(key);
      measurement.setValue(String(value));
      return measurement;
    }),
  );
  message.setAvailableSlots(connection.availableSlots);
  message.setInFlightMessages(connection.inFlight);
  message.setConnectionName(connection.name);
  return message;
}
