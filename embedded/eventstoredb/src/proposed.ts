import type { ProposedEvent } from './append-codec.ts';
import type { NewEvent } from './events.ts';
import { missingEventMetadata } from './rpc-errors.ts';

/** EventStoreDB's default limit for one append. */
export const MAX_APPEND_BYTES = 1 << 20;

/** Version 23.10 counts the data alone; metadata and type names came in later. */
export function appendSize(event: ProposedEvent): number {
  return event.data.length;
}

/** @throws RpcError when an event lacks its type or content type */
export function toNewEvent({ id, type, contentType, data, metadata }: ProposedEvent): NewEvent {
  if (type === undefined) throw missingEventMetadata('type');
  if (contentType === undefined) throw missingEventMetadata('content-type');
  return { id, type, isJson: contentType === 'application/json', data, metadata };
}
