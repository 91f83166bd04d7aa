/** A day of the calendar, `2026-01-31`. */
export type Day = string;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && utcDay(Date.parse(text)) === text;
}

export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** 0 for the same day. */
export function daysFrom(first: Day, last: Day): number {
  return Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS);
}

/** The day that it is somewhere. @param time milliseconds since 1970 @param zone IANA name */
export function dayIn(time: number, zone: string): Day {
  return utcDay(time + aheadOfUtc(time, zone));
}

/** The day that it is in UTC; empty for no time. */
export function utcDay(time: number): Day {
  return Number.isNaN(time) ? '' : new Date(time).toISOString().slice(0, 10);
}

/** When a day begins somewhere, in milliseconds since 1970: not always at midnight where clocks are put forward then. */
export function startOfDay(day: Day, zone: string): number {
  const midnight = Date.parse(day);
  const guess = midnight - aheadOfUtc(midnight, zone);
  const start = midnight - aheadOfUtc(guess, zone);
  return dayIn(start, zone) < day ? start + HOUR_MS : start;
}

/** By how many milliseconds the clocks of a zone are ahead of UTC. */
function aheadOfUtc(time: number, zone: string): number {
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of clockOf(zone).formatToParts(time)) parts[type] = Number(value);
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
}

function clockOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
}
