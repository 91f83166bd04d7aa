import type { StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { traceIdIn } from '../../tracing/traceparent.ts';
import { describe } from './describe.ts';

/** Document of the collection `audit`, one per event; its `_id` is the event's id. */
export interface AuditDocument {
  readonly _id: string;
  readonly recordedAt: Date;
  readonly orderId: string;
  readonly revision: number;
  readonly type: string;
  readonly actor: string;
  readonly correlationId: string | null;
  /** Absent where the event has none, as in every document that was written before there were traces. */
  readonly traceId?: string;
  readonly description: string;
}

const LONGEST_DESCRIPTION = 1000;

export function toAuditDocument({ id, recordedAt, revision, event, metadata }: StoredOrderEvent): AuditDocument {
  const traceId = traceIdIn(metadata);
  return {
    _id: id,
    recordedAt,
    orderId: event.data.orderId,
    revision,
    type: event.type,
    actor: metadata.actor ?? 'anonymous',
    correlationId: metadata.$correlationId ?? null,
    ...(traceId !== undefined && { traceId }),
    description: shortened(describe(event)),
  };
}

/** Cut between characters, never inside one. */
function shortened(text: string): string {
  if (text.length <= LONGEST_DESCRIPTION) return text;
  const characters = Array.from(text);
  if (characters.length <= LONGEST_DESCRIPTION) return text;
  return `${characters.slice(0, LONGEST_DESCRIPTION - 1).join('')}…`;
}
