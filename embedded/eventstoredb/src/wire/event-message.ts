import type { RecordedEvent, ResolvedEvent } from '../log/events.ts';
import { DELETED, DELETED_ON_WIRE, original } from '../log/events.ts';
import { identifier } from './messages.ts';
import { toWire } from './position.ts';

/** The `ReadEvent` of both read services. */
export function eventMessage(resolved: ResolvedEvent): object {
  return {
    event: recordedMessage(resolved.event),
    link: recordedMessage(resolved.link),
    commitPosition: toWire(original(resolved).position),
  };
}

function recordedMessage(event: RecordedEvent | undefined): object | undefined {
  if (event === undefined) return undefined;
  const position = toWire(event.position);
  return {
    id: { string: event.id },
    streamIdentifier: identifier(event.stream),
    streamRevision: event.revision === DELETED ? DELETED_ON_WIRE : event.revision,
    preparePosition: position,
    commitPosition: position,
    metadata: {
      type: event.type,
      created: `${event.created}0000`,
      'content-type': event.isJson ? 'application/json' : 'application/octet-stream',
    },
    customMetadata: event.metadata,
    data: event.data,
  };
}
