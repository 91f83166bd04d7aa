import { ErrorType, FORWARDS, START } from '@eventstore/db-client';
import { withTimeLimit } from "../eventstoredb/client.js";
import { hasType } from "../eventstoredb/errors.js";
const TIME_LIMIT_MS = 2500;
/**
 * The events that a consumer group has parked and not replayed since, oldest first, with the reason that is kept in the
 * link to each.
 *
 * @throws EventStoreUnavailableError
 */
export async function readParked(client, group, limit) {
    const reading = client.readStream(`$persistentsubscription-$all::${group}-parked`, {
        direction: FORWARDS,
        fromRevision: START,
        resolveLinkTos: true,
        maxCount: limit,
    });
    const items = [];
    const drain = async () => {
        for await (const { event, link } of reading)
            if (link)
                items.push(parkedEvent(link, event));
    };
    await withTimeLimit(TIME_LIMIT_MS, drain(), () => void reading.cancel()).catch((error) => {
        if (!hasType(error, ErrorType.STREAM_NOT_FOUND) && !hasType(error, ErrorType.STREAM_DELETED))
            throw error;
    });
    return items;
}
const CLIENT_PARKED = /^Client explicitly NAK'ed message\.\r?\n/;
/**
 * EventStoreDB keeps a link to the event, `revision@stream`, with `{added, reason, subscriptionEventNumber}` as its
 * metadata, and puts a sentence of its own before the reason that the consumer gave.
 */
function parkedEvent(link, event) {
    const [, revision = '', stream = ''] = /^(\d+)@(.*)$/s.exec(Buffer.from(link.data).toString()) ?? [];
    const metadata = (link.metadata ?? {});
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
