import type { RecordedEvent } from '../log/events.ts';
import type { FilterMessage } from '../wire/messages.ts';
import { invalidArgument } from '../wire/rpc-errors.ts';
import { regexTest } from './regex.ts';

/** A server-side filter over `$all`, as the protocol has it. */
export interface EventFilter {
  readonly on: 'stream' | 'type';
  /** Matches when the name starts with any of these; or by `regex` when that is set. */
  readonly prefixes: readonly string[];
  readonly regex: string | undefined;
}

export type EventPredicate = (event: RecordedEvent) => boolean;

/** A filter as a catch-up subscription uses it. */
export interface FilterWindow {
  readonly matches: EventPredicate;
  /** Events looked at between two checkpoints. */
  readonly checkpointInterval: number;
}

/** Default of EventStoreDB for the number of events looked at in one go. */
const DEFAULT_WINDOW = 32;

/** @throws RpcError when the filter has no expression, or one that is not served */
export function windowOf(message: FilterMessage | null): FilterWindow | undefined {
  if (message === null) return undefined;
  if (message.window === undefined) throw invalidArgument('a filter needs a window');
  const window = message.window === 'max' ? message.max : DEFAULT_WINDOW;
  return {
    matches: predicateOf(filterOf(message)),
    checkpointInterval: Math.max(1, window * message.checkpointIntervalMultiplier),
  };
}

/** @throws RpcError when the filter has no expression */
export function filterOf(message: FilterMessage): EventFilter {
  const expression = message.streamIdentifier ?? message.eventType;
  if (expression === null) throw invalidArgument('a filter needs an expression');
  return {
    on: message.streamIdentifier === null ? 'type' : 'stream',
    prefixes: expression.prefix,
    regex: expression.regex === '' ? undefined : expression.regex,
  };
}

/**
 * What a filtered reader or a group over `$all` gets to see.
 *
 * @throws RpcError when the regular expression is none
 */
export function predicateOf(filter: EventFilter | undefined): EventPredicate {
  if (filter === undefined) return (event) => !isGroupState(event.stream);
  const matches = matcher(filter);
  return filter.on === 'stream'
    ? (event) => matches(event.stream) && !isGroupState(event.stream)
    : (event) => matches(event.type) && !isGroupState(event.stream);
}

function matcher({ regex, prefixes }: EventFilter): (name: string) => boolean {
  if (regex !== undefined) return regexTest(regex);
  const [only] = prefixes;
  if (only !== undefined && prefixes.length === 1) return (name) => name.startsWith(only);
  return (name) => prefixes.some((prefix) => name.startsWith(prefix));
}

/** Streams that hold the state of groups over `$all`: those groups never see them, or they would feed themselves. */
function isGroupState(stream: string): boolean {
  return (
    stream.startsWith('$persistentsubscription-$all::') &&
    (stream.endsWith('-checkpoint') || stream.endsWith('-parked'))
  );
}
