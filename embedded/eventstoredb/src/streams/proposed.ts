import type { NewEvent } from '../log/events.ts';
import { bytesOf, eventIdOf, type ProposedMessage } from '../wire/messages.ts';
import { handlerFailed, missingEventMetadata } from '../wire/rpc-errors.ts';

/** EventStoreDB's default limit for one append. */
export const MAX_APPEND_BYTES = 1 << 20;

/** The events of one append. */
export class ProposedEvents {
  readonly events: NewEvent[] = [];
  #bytes = 0;

  get tooLarge(): boolean {
    return this.#bytes > MAX_APPEND_BYTES;
  }

  /** @throws RpcError when an event has no usable id, type or content type */
  add({ id, metadata, customMetadata, data }: ProposedMessage): void {
    const { type, 'content-type': contentType } = metadata;
    if (type === undefined) throw missingEventMetadata('type');
    if (contentType === undefined) throw missingEventMetadata('content-type');
    if (type === '') throw handlerFailed("Empty eventType provided. (Parameter 'eventType')");
    // Version 23.10 counts the data alone; metadata and type names came in later.
    this.#bytes += data.length;
    this.events.push({
      id: eventIdOf(id),
      type,
      isJson: contentType === 'application/json',
      data: bytesOf(data),
      metadata: bytesOf(customMetadata),
    });
  }
}
