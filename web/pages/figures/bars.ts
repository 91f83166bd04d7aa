import { addDays, type Day, daysFrom } from '../../ui/days.ts';
import type { Days } from './periods.ts';

export type Unit = 'day' | 'week' | 'month';

/** So many bars are seen at a glance. */
const MOST_DAYS = 62;
const MOST_WEEKS = 60;

/** What one bar stands for, so that a period has not too many of them. */
export function unitOf({ first, last }: Days): Unit {
  const days = daysFrom(first, last) + 1;
  if (days <= MOST_DAYS) return 'day';
  return days <= MOST_WEEKS * 7 ? 'week' : 'month';
}

/** The days of each bar, without a gap; the first and the last may be cut. Weeks begin on Monday. */
export function spansOf({ first, last }: Days, unit: Unit): Days[] {
  const spans: Days[] = [];
  for (let from = first; from <= last;) {
    const end = endOf(from, unit);
    const span = { first: from, last: end < last ? end : last };
    spans.push(span);
    from = addDays(span.last, 1);
  }
  return spans;
}

function endOf(day: Day, unit: Unit): Day {
  switch (unit) {
    case 'day':
      return day;
    case 'week':
      return addDays(day, (7 - new Date(day).getUTCDay()) % 7);
    case 'month':
      return addDays(`${addDays(`${day.slice(0, 8)}28`, 4).slice(0, 8)}01`, -1);
  }
}

/** What the days of each span add up to; a day outside of all counts at the nearest end. */
export function addUp(
  spans: readonly Days[],
  days: readonly { readonly date: Day; readonly value: number }[],
): number[] {
  const sums = spans.map(() => 0);
  for (const { date, value } of days) {
    const found = spans.findIndex(({ last }) => date <= last);
    const at = found === -1 ? spans.length - 1 : found;
    sums[at] = (sums[at] ?? 0) + value;
  }
  return sums;
}

/** Round numbers from 0 to at least `most`, at most five steps; whole numbers only. */
export function ticksFor(most: number): number[] {
  const least = Math.max(1, most / 5);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = Math.max(1, ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power);
  const ticks = [0];
  while ((ticks.at(-1) ?? 0) < Math.max(most, 1)) ticks.push(ticks.length * step);
  return ticks;
}

/** @returns by what share a figure is more (positive) or less; undefined when there was nothing to compare with */
export function changeOf(now: number, before: number): number | undefined {
  return before === 0 ? (now === 0 ? 0 : undefined) : (now - before) / Math.abs(before);
}
