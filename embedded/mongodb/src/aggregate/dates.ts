import { ObjectId } from 'bson';
import { Document, integer, typeName, type Value } from '../bson/values.ts';
import { MongoError, notImplemented } from '../errors.ts';
import { namedOperands, type Evaluate, type Operator } from './operands.ts';

function dateOf(value: Value, name: string): Date {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  throw new MongoError(16006, `can't convert from BSON type ${typeName(value)} to Date (${name})`);
}

/** Time zones would need their rules; UTC needs none. */
function assertUtc(zone: Value | undefined, name: string): void {
  if (zone === undefined || zone === null) return;
  if (typeof zone === 'string' && ['UTC', 'GMT', 'Z', '+00:00', '+0000', '+00', 'Etc/UTC'].includes(zone)) return;
  throw notImplemented(`a time zone other than UTC in ${name}`);
}

function part(read: (date: Date) => number): Operator {
  return (argument, compile, name) => {
    let operand = argument;
    if (argument instanceof Document && argument['date'] !== undefined) {
      const parts = namedOperands(argument, name, ['date'], ['timezone']);
      assertUtc(parts['timezone'], name);
      operand = parts['date'] ?? null;
    } else if (Array.isArray(argument) && argument.length === 1) operand = argument[0] ?? null;
    const evaluate = compile(operand);
    return (scope) => {
      const value = evaluate(scope);
      return value === undefined || value === null ? null : integer(read(dateOf(value, name)));
    };
  };
}

const dayMs = 86_400_000;

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1;
}

function isoDay(date: Date): number {
  return date.getUTCDay() === 0 ? 7 : date.getUTCDay();
}

/** The year and the number of an ISO 8601 week, that of its Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime() + (4 - isoDay(date)) * dayMs);
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

const formats: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => pad(date.getUTCFullYear(), 4),
  m: (date) => pad(date.getUTCMonth() + 1, 2),
  d: (date) => pad(date.getUTCDate(), 2),
  H: (date) => pad(date.getUTCHours(), 2),
  M: (date) => pad(date.getUTCMinutes(), 2),
  S: (date) => pad(date.getUTCSeconds(), 2),
  L: (date) => pad(date.getUTCMilliseconds(), 3),
  j: (date) => pad(dayOfYear(date), 3),
  w: (date) => String(date.getUTCDay() + 1),
  u: (date) => String(isoDay(date)),
  G: (date) => pad(isoWeek(date).year, 4),
  V: (date) => pad(isoWeek(date).week, 2),
  z: () => '+0000',
  Z: () => '0',
  '%': () => '%',
};

/** Makes a function of a format, so that a whole collection is formatted without parsing it again. */
function formatter(format: string): (date: Date) => string {
  if (format === '%Y-%m-%d') return dayFormatter();
  const parts: ((date: Date) => string)[] = [];
  for (const [, letter, text] of format.matchAll(/%(.?)|([^%]+)/g)) {
    if (text !== undefined) parts.push(() => text);
    else {
      const write = formats[letter ?? ''];
      if (write === undefined)
        throw new MongoError(18536, `Invalid format character '%${letter ?? ''}' in format string`);
      parts.push(write);
    }
  }
  return (date) => parts.map((write) => write(date)).join('');
}

/** By far the most used format; a day's text is made once. */
function dayFormatter(): (date: Date) => string {
  let day = NaN;
  let text = '';
  return (date) => {
    const next = Math.floor(date.getTime() / dayMs);
    if (next !== day) {
      day = next;
      text = [formats['Y'], formats['m'], formats['d']].map((write) => write?.(date)).join('-');
    }
    return text;
  };
}

const dateToString: Operator = (argument, compile, name) => {
  const parts = namedOperands(argument, name, ['date'], ['format', 'timezone', 'onNull']);
  assertUtc(parts['timezone'], name);
  const format = parts['format'] ?? '%Y-%m-%dT%H:%M:%S.%LZ';
  if (typeof format !== 'string')
    throw new MongoError(18533, `$dateToString requires that 'format' be a string, found: ${typeName(format)}`);
  const write = formatter(format);
  const date = compile(parts['date'] ?? null);
  const onNull: Evaluate = parts['onNull'] === undefined ? () => null : compile(parts['onNull']);
  return (scope) => {
    const value = date(scope);
    return value === undefined || value === null ? onNull(scope) : write(dateOf(value, name));
  };
};

const units: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: dayMs,
};

const dateTrunc: Operator = (argument, compile, name) => {
  const parts = namedOperands(argument, name, ['date', 'unit'], ['timezone', 'binSize']);
  assertUtc(parts['timezone'], name);
  if (parts['binSize'] !== undefined && parts['binSize'] !== 1) throw notImplemented('binSize of $dateTrunc');
  const unit = parts['unit'];
  const size = typeof unit === 'string' ? units[unit] : undefined;
  if (size === undefined && unit !== 'month' && unit !== 'year')
    throw notImplemented(`the unit ${typeof unit === 'string' ? unit : ''} of $dateTrunc`);
  const date = compile(parts['date'] ?? null);
  return (scope) => {
    const value = date(scope);
    if (value === undefined || value === null) return null;
    const given = dateOf(value, name);
    if (size !== undefined) return new Date(Math.floor(given.getTime() / size) * size);
    return new Date(Date.UTC(given.getUTCFullYear(), unit === 'year' ? 0 : given.getUTCMonth(), 1));
  };
};

export const dateOperators: readonly (readonly [string, Operator])[] = [
  ['$year', part((date) => date.getUTCFullYear())],
  ['$month', part((date) => date.getUTCMonth() + 1)],
  ['$dayOfMonth', part((date) => date.getUTCDate())],
  ['$dayOfWeek', part((date) => date.getUTCDay() + 1)],
  ['$dayOfYear', part(dayOfYear)],
  ['$hour', part((date) => date.getUTCHours())],
  ['$minute', part((date) => date.getUTCMinutes())],
  ['$second', part((date) => date.getUTCSeconds())],
  ['$millisecond', part((date) => date.getUTCMilliseconds())],
  ['$isoWeek', part((date) => isoWeek(date).week)],
  ['$isoWeekYear', part((date) => isoWeek(date).year)],
  ['$isoDayOfWeek', part(isoDay)],
  ['$dateToString', dateToString],
  ['$dateTrunc', dateTrunc],
];
