import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { EventFilter } from '../streams/filter.ts';
import { filterOf, predicateOf } from '../streams/filter.ts';
import {
  type AllPlace,
  type Int64,
  nameOf,
  type Request,
  required,
  type StreamIdentifier,
  type StreamPlace,
  type Target,
} from '../wire/messages.ts';
import { placeOf } from '../wire/position.ts';
import { groupError, invalidArgument } from '../wire/rpc-errors.ts';
import { unary } from '../wire/unary.ts';
import { ALL, type GroupDefinition } from './group-config.ts';
import { readSettings, type SettingsMessage } from './group-settings.ts';
import type { Groups } from './groups.ts';

interface ChangeOptions {
  /** The subject in the form of versions before 21.10, which the official client still sends. */
  readonly streamIdentifier: StreamIdentifier | null;
  readonly groupName: string;
  readonly settings: SettingsMessage | null;
  readonly stream: StreamPlace | null;
  readonly all: AllPlace | null;
}

interface GroupName extends Target {
  readonly groupName: string;
}

interface ReplayOptions extends GroupName {
  readonly limit?: 'stopAt' | 'noLimit';
  readonly stopAt: Int64;
}

/** `PersistentSubscriptions` but for `Read`. */
export function createGroupHandlers(groups: Groups): UntypedServiceImplementation {
  return {
    create: unary(async ({ options }: Request<ChangeOptions>) => {
      await groups.create(readDefinition(required(options)));
      return {};
    }),
    update: unary(async ({ options }: Request<ChangeOptions>) => {
      await groups.update(readDefinition(required(options)));
      return {};
    }),
    delete: unary(async ({ options }: Request<GroupName>) => {
      const { groupName } = required(options);
      await groups.remove(subjectOf(required(options)), groupName);
      return {};
    }),
    getInfo: unary(({ options }: Request<GroupName>) => {
      const { groupName } = required(options);
      return { subscriptionInfo: groups.get(subjectOf(required(options)), groupName).info() };
    }),
    list: unary(({ options }: Request<{ readonly listForStream: Target | null }>) => {
      const target = options?.listForStream ?? null;
      return { subscriptions: groups.list(target === null ? undefined : subjectOf(target)).map((host) => host.info()) };
    }),
    replayParked: unary(({ options }: Request<ReplayOptions>) => {
      const { groupName, limit, stopAt } = required(options);
      const stream = subjectOf(required(options));
      const end = limit === 'stopAt' ? stopAt.toNumber() : undefined;
      if (end !== undefined && end < 0) {
        throw groupError('failed', stream, groupName, 'Cannot stop replaying parked message at a negative version.');
      }
      groups.get(stream, groupName).replayParked(end);
      return {};
    }),
    restartSubsystem: unary(() => {
      groups.restart();
      return {};
    }),
  };
}

function subjectOf({ all, streamIdentifier }: Target): string {
  return all === null ? nameOf(streamIdentifier) : ALL;
}

function readDefinition(options: ChangeOptions): GroupDefinition {
  const { groupName: group } = options;
  const message = required(options.settings, 'settings');
  const settings = readSettings(message);
  const { stream, startFrom } = readStart(options, message);
  if (typeof settings === 'string') throw groupError('failed', stream, group, settings);
  return { stream, group, filter: readFilter(options.all), startFrom, settings };
}

/** What a group follows and from where; -1 is the end. */
function readStart(
  { all, stream, streamIdentifier }: ChangeOptions,
  settings: SettingsMessage,
): { stream: string; startFrom: number } {
  if (all !== null) {
    const start = all.position === null ? 0 : placeOf(all.position);
    return { stream: ALL, startFrom: all.place === 'end' || start === Infinity ? -1 : start };
  }
  const name = nameOf(stream === null ? streamIdentifier : stream.streamIdentifier);
  if (name === ALL) throw invalidArgument('a group over the whole log is not created by a stream name');
  if (stream !== null) return { stream: name, startFrom: stream.place === 'end' ? -1 : stream.revision.toNumber() };
  const revision = settings.revision.toNumber(); // 2^64 - 1 is the end
  return { stream: name, startFrom: revision > Number.MAX_SAFE_INTEGER ? -1 : revision };
}

function readFilter(all: AllPlace | null): EventFilter | undefined {
  if (all === null || all.filter === null) return undefined;
  const filter = filterOf(all.filter);
  predicateOf(filter); // throws where the expression is none
  return filter;
}
