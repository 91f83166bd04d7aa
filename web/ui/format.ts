import { signal } from '@preact/signals';
import { settings } from '../app/settings.ts';
import type { Amount } from './amount.ts';

export { fromMinor, toMinor } from './amount.ts';

/** The language of numbers and times: the browser's. Some name one that is none, such as `en-US@posix`. */
const LANGUAGE = isLanguage(globalThis.navigator.language) ? globalThis.navigator.language : 'en';

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false; // a RangeError
  }
}

/** In which zone times are shown; kept for this browser. */
export const timeZone = signal(globalThis.localStorage.getItem('time-zone') ?? undefined);
timeZone.subscribe((zone) => {
  if (zone === undefined) globalThis.localStorage.removeItem('time-zone');
  else globalThis.localStorage.setItem('time-zone', zone);
});

/** IANA name of the zone that times are shown in. */
export function shownZone(): string {
  return timeZone.value ?? settings().timeZone;
}

/** `"12.50"` → `$12.50`, or `12,50 $`. */
export function money(amount: Amount, currency = settings().currency): string {
  return new Intl.NumberFormat(LANGUAGE, { style: 'currency', currency }).format(amount as Intl.StringNumericLiteral);
}

export function count(value: number): string {
  return new Intl.NumberFormat(LANGUAGE).format(value);
}

/** 0.125 → `12.5 %`. */
export function percent(share: number): string {
  return new Intl.NumberFormat(LANGUAGE, { style: 'percent', maximumFractionDigits: 1 }).format(share);
}

/** `19:30`, or `7:30 PM`. */
export function timeOfDay(time: string | number, { seconds = false } = {}): string {
  return format(time, { hour: 'numeric', minute: '2-digit', ...(seconds && { second: '2-digit' }) });
}

export function day(time: string | number): string {
  return format(time, { year: 'numeric', month: 'short', day: 'numeric' });
}

/** `2026-01-31` → `Jan 31, 2026`: a day of the calendar, whatever the zone. */
export function calendarDay(date: string): string {
  return new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(date));
}

export function dateTime(time: string | number, { seconds = false } = {}): string {
  return `${day(time)}, ${timeOfDay(time, { seconds })}`;
}

function format(time: string | number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LANGUAGE, { ...options, timeZone: shownZone() }).format(new Date(time));
}

/** How long ago, or ahead: `4 min`, `2 h 5 min`, `3 days`. Never negative. */
export function duration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}
