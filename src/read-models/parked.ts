import { ErrorType, type EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import { giveUp, withTimeLimit } from '../eventstoredb/client.ts';
import { hasType } from '../eventstoredb/errors.ts';
import { STORE_TIME_LIMIT_MS } from '../time-limit.ts';

export interface ParkedEvent {
  /** null when the event has been deleted since. */
  readonly eventId: string | null;
  readonly type: string | null;
  readonly stream: string;
  readonly revision: number;
  readonly reason: string;
  readonly parkedAt: Date;
}

/**
 * The events that a consumer group has parked and not replayed since, oldest first, with the reason kept in the link to
 * each of them.
 *
 * @throws EventStoreUnavailableError
 */
export async function readParked(
  client: EventStoreDBClient,
  group: string,
  limit: number,
  timeLimitMs = STORE_TIME_LIMIT_MS,
): Promise<ParkedEvent[]> {
  const reading = client.readStream(`$persistentsubscription-$all::${group}-parked`, {
    direction: FORWARDS,
    fromRevision: START,
    resolveLinkTos: true,
    maxCount: limit,
  });
  const items: ParkedEvent[] = [];
  const drain = async () => {
    for await (const { event, link } of reading) if (link) items.push(parkedEvent(link, event));
  };
  await withTimeLimit(timeLimitMs, drain(), () => giveUp(reading)).catch((error: unknown) => {
    if (!hasType(error, ErrorType.STREAM_NOT_FOUND) && !hasType(error, ErrorType.STREAM_DELETED)) throw error;
  });
  return items;
}

const CLIENT_PARKED = /^Client explicitly NAK'ed message\.\r?\n/;

/**
 * EventStoreDB keeps a link to the event, `revision@stream`, with `{added, reason, subscriptionEventNumber}` as its
 * metadata, and puts a sentence of its own before the reason that the consumer gave.
 */
function parkedEvent(link: LinkEvent, event: LinkedEvent | undefined): ParkedEvent {
  const [, revision = '', stream = ''] = /^(\d+)@(.*)$/s.exec(Buffer.from(link.data as Uint8Array).toString()) ?? [];
  const metadata = (link.metadata ?? {}) as { reason?: unknown; added?: unknown };
  const added = new Date(typeof metadata.added === 'string' ? metadata.added : Number.NaN);
  return {
    eventId: event?.id ?? null,
    type: event?.type ?? null,
    stream: event?.streamId ?? stream,
    revision: Number(event?.revision ?? revision),
    reason: typeof metadata.reason === 'string' ? metadata.reason.replace(CLIENT_PARKED, '') : '',
    parkedAt: Number.isNaN(added.getTime()) ? link.created : added,
  };
}

type LinkEvent = { readonly data: unknown; readonly metadata?: unknown; readonly created: Date };
type LinkedEvent = {
  readonly id: string;
  readonly type: string;
  readonly streamId: string;
  readonly revision: bigint;
};
