import type { RecordedEvent } from './events.ts';

/** A server-side filter over `$all`, as the protocol has it. */
export interface EventFilter {
  readonly on: 'stream' | 'type';
  /** Matches when the name starts with any of these; or by `regex` when that is set. */
  readonly prefixes: readonly string[];
  readonly regex: string | undefined;
}

export type EventPredicate = (event: RecordedEvent) => boolean;

/**
 * What a filtered reader or a group over `$all` gets to see.
 *
 * @throws SyntaxError when the regular expression is none
 */
export function predicateOf(filter: EventFilter | undefined): EventPredicate {
  if (filter === undefined) return (event) => !isGroupState(event.stream);
  const matches = matcher(filter);
  return filter.on === 'stream'
    ? (event) => matches(event.stream) && !isGroupState(event.stream)
    : (event) => matches(event.type) && !isGroupState(event.stream);
}

function matcher({ regex, prefixes }: EventFilter): (name: string) => boolean {
  if (regex !== undefined) {
    const expression = toRegExp(regex);
    return (name) => expression.test(name);
  }
  const [only] = prefixes;
  if (only !== undefined && prefixes.length === 1) return (name) => name.startsWith(only);
  return (name) => prefixes.some((prefix) => name.startsWith(prefix));
}

/** Unicode mode where the pattern allows it: patterns are written for .NET, which takes needless escapes. */
function toRegExp(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return new RegExp(pattern);
  }
}

/** Streams that hold the state of groups over `$all`: those groups never see them, or they would feed themselves. */
function isGroupState(stream: string): boolean {
  return (
    stream.startsWith('$persistentsubscription-$all::') &&
    (stream.endsWith('-checkpoint') || stream.endsWith('-parked'))
  );
}
