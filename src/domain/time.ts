const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
const PLAIN_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Milliseconds since 1970 of an RFC 3339 time, or undefined for anything else, 30 February included. */
export function parseTimestamp(text: string): number | undefined {
  return RFC_3339.test(text) && isCalendarDate(text) ? inRange(Date.parse(text)) : undefined;
}

/** An RFC 3339 time, or a plain date, which is its midnight in UTC. */
export function parseTimeOrDate(text: string): number | undefined {
  if (!PLAIN_DATE.test(text)) return parseTimestamp(text);
  return isCalendarDate(text) ? inRange(Date.parse(text)) : undefined;
}

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether what begins with a date exceeds no month: Date.parse takes 31 April for 1 May. */
function isCalendarDate(date: string): boolean {
  const year = Number(date.slice(0, 4));
  const month = Number(date.slice(5, 7));
  const day = Number(date.slice(8, 10));
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeapYear ? 29 : (DAYS_OF_MONTH[month - 1] ?? 0);
  return day <= days;
}

/** An offset can push a time out of the years that RFC 3339 can write. */
function inRange(time: number): number | undefined {
  const year = new Date(time).getUTCFullYear();
  return Number.isNaN(time) || year < 1 || year > 9999 ? undefined : time;
}

/**
 * The time of a new event after one at `last`: now, unless a clock runs behind. Clocks of two instances differ; within
 * one stream time never runs backwards, or "as of" could not be asked.
 */
export function notBefore(last: string, now: Date): string {
  const previous = new Date(last);
  return (previous > now ? previous : now).toISOString();
}
