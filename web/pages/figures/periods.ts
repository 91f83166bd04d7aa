import { addDays, type Day, dayIn, daysFrom, isDay, startOfDay } from '../../ui/days.ts';

/** Days of the calendar, both of them in it. */
export interface Days {
  readonly first: Day;
  readonly last: Day;
}

/** [from, to), in milliseconds since 1970. */
export interface Times {
  readonly from: number;
  readonly to: number;
}

/** By the names that the address has. */
export const PERIODS = {
  today: 'Today',
  '7d': '7 days',
  '30d': '30 days',
  month: 'This month',
  year: 'A year',
  own: 'Own days',
} as const;
export type PeriodName = keyof typeof PERIODS;

const MOST_YEARS = 10;

export function isPeriodName(name: string | null): name is PeriodName {
  return name !== null && Object.hasOwn(PERIODS, name);
}

/**
 * The days of a period; those that end with today have today in them.
 *
 * @param own first and last day of an own period, as the address has them
 * @returns or what is wrong with them, in words
 */
export function daysOf(name: PeriodName, own: Partial<Days>, today: Day): Days | string {
  switch (name) {
    case 'today':
      return { first: today, last: today };
    case '7d':
      return { first: addDays(today, -6), last: today };
    case '30d':
      return { first: addDays(today, -29), last: today };
    case 'month':
      return { first: `${today.slice(0, 8)}01`, last: today };
    case 'year':
      return { first: addDays(today, -364), last: today };
    case 'own':
      return ownDays(own);
  }
}

function ownDays({ first = '', last = '' }: Partial<Days>): Days | string {
  if (!isDay(first) || !isDay(last)) return 'Choose the first and the last day.';
  if (last < first) return 'The last day is before the first.';
  if (addDays(last, 1) > `${Number(first.slice(0, 4)) + MOST_YEARS}${first.slice(4)}`) {
    return `A period has at most ${MOST_YEARS} years.`;
  }
  return { first, last };
}

export function lengthOf({ first, last }: Days): number {
  return daysFrom(first, last) + 1;
}

/** When days begin and end in a zone. */
export function timesOf({ first, last }: Days, zone: string): Times {
  return { from: startOfDay(first, zone), to: startOfDay(addDays(last, 1), zone) };
}

/**
 * The same number of days right before. While the period still goes on, they end at the same time of day: a morning is
 * not compared with a whole day.
 */
export function timesBefore(days: Days, zone: string, now: number): Times {
  const length = lengthOf(days);
  const from = startOfDay(addDays(days.first, -length), zone);
  const today = dayIn(now, zone);
  if (today < days.first || today > days.last) return { from, to: startOfDay(days.first, zone) };
  const elapsed = now - startOfDay(today, zone);
  return { from, to: Math.min(startOfDay(addDays(today, -length), zone) + elapsed, startOfDay(days.first, zone)) };
}
