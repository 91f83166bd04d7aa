import { parseTimeOrDate } from '../../domain/time.ts';

/** @param text a `TimeOrDate` that the schema let through */
export function toTime(text: string): Date;
export function toTime(text: string | undefined): Date | undefined;
export function toTime(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(parseTimeOrDate(text) ?? Number.NaN);
}
