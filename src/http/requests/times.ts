import { parseTimeOrDate } from '../../domain/time.ts';
import { badField } from '../problems/errors.ts';

/** @param text a `TimeOrDate` that the schema let through */
export function toTime(text: string): Date;
export function toTime(text: string | undefined): Date | undefined;
export function toTime(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(parseTimeOrDate(text) ?? Number.NaN);
}

/**
 * The two ends of a period by their names in the query: `{from, to}`.
 *
 * @throws ProblemError 400 when it ends before it begins
 */
export function toPeriod<Period extends Readonly<Record<string, string | undefined>>>(period: Period) {
  const times = Object.entries(period).map(([name, text]) => [name, toTime(text)] as const);
  const [[first, begin] = ['', undefined], [last, end] = ['', undefined]] = times;
  if (begin && end && end < begin) throw badField(`#/${last}`, `must not be before ${first}`);
  return Object.fromEntries(times) as { [Name in keyof Period]: Period[Name] extends string ? Date : Date | undefined };
}
