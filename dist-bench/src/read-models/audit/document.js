import { describe } from "./describe.js";
const LONGEST_DESCRIPTION = 1000;
export function toAuditDocument({ id, recordedAt, revision, event, metadata }) {
    return {
        _id: id,
        recordedAt,
        orderId: event.data.orderId,
        revision,
        type: event.type,
        actor: metadata.actor ?? 'anonymous',
        correlationId: metadata.$correlationId ?? null,
        description: shortened(describe(event)),
    };
}
/** Cut between characters, never inside one. */
function shortened(text) {
    return text.length <= LONGEST_DESCRIPTION
        ? text
        : `${Array.from(text)
            .slice(0, LONGEST_DESCRIPTION - 1)
            .join('')}…`;
}
