import { createHash, timingSafeEqual } from 'node:crypto';
import { BadRequestError } from "./problems.js";
const CHECK_BYTES = 9;
/**
 * Where a page ended, as an opaque text: the sort key of its last document, and a check that binds it to the query
 * it came from, so that a damaged cursor, or one of another query, is refused rather than silently wrong.
 */
export function encodeCursor(time, id, query) {
    const key = Buffer.from(JSON.stringify([time.getTime(), id]));
    return Buffer.concat([checkOf(key, query), key]).toString('base64url');
}
/** @throws BadRequestError */
export function decodeCursor(cursor, query) {
    const bytes = Buffer.from(cursor, 'base64url');
    const check = bytes.subarray(0, CHECK_BYTES);
    const key = bytes.subarray(CHECK_BYTES);
    const isOurs = bytes.toString('base64url') === cursor &&
        check.length === CHECK_BYTES &&
        timingSafeEqual(check, checkOf(key, query));
    if (!isOurs)
        throw new BadRequestError('not a cursor that this query gave', '#/cursor');
    const [time, id] = JSON.parse(key.toString());
    return { time: new Date(time), id };
}
function checkOf(key, query) {
    return createHash('sha256').update(JSON.stringify(query)).update(key).digest().subarray(0, CHECK_BYTES);
}
