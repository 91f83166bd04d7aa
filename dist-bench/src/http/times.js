import Type from 'typebox';
import { parseTimeOrDate } from "../domain/time.js";
/** A query parameter that takes an RFC 3339 time, or a plain date for its midnight in UTC. */
export const TimeOrDate = Type.String({
    maxLength: 40,
    format: 'time-or-date',
    description: 'an RFC 3339 time such as 2026-01-31T18:30:00Z, or a plain date, which is its midnight in UTC',
});
/** @param text a `TimeOrDate` that the schema let through */
export function toTime(text) {
    return new Date(parseTimeOrDate(text) ?? Number.NaN);
}
