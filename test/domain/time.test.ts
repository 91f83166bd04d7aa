import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { notBefore, parseTimeOrDate, parseTimestamp } from '../../src/domain/time.ts';

const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());

const accepted = [
  ['2026-03-01T18:00:00Z', '2026-03-01T18:00:00.000Z'],
  ['2026-03-01T18:00:00.5Z', '2026-03-01T18:00:00.500Z'],
  ['2026-03-01T18:00:00.123456789Z', '2026-03-01T18:00:00.123Z'],
  ['2026-03-01t18:00:00z', '2026-03-01T18:00:00.000Z'],
  ['2026-03-01T18:00:00+02:00', '2026-03-01T16:00:00.000Z'],
  ['2026-03-01T18:00:00-05:30', '2026-03-01T23:30:00.000Z'],
  ['2026-03-01T18:00:00-00:00', '2026-03-01T18:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2000-02-29T23:59:59Z', '2000-02-29T23:59:59.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
] as const;

const refused = [
  ['no zone', '2026-03-01T18:00:00'],
  ['no seconds', '2026-03-01T18:00Z'],
  ['a space for the T', '2026-03-01 18:00:00Z'],
  ['a comma for the point', '2026-03-01T18:00:00,5Z'],
  ['ten decimals', '2026-03-01T18:00:00.1234567890Z'],
  ['a zone without colon', '2026-03-01T18:00:00+0200'],
  ['30 February', '2026-02-30T18:00:00Z'],
  ['29 February of a common year', '2026-02-29T18:00:00Z'],
  ['29 February 1900', '1900-02-29T18:00:00Z'],
  ['31 April', '2026-04-31T18:00:00Z'],
  ['month 13', '2026-13-01T18:00:00Z'],
  ['month 0', '2026-00-01T18:00:00Z'],
  ['day 0', '2026-03-00T18:00:00Z'],
  ['hour 24', '2026-03-01T24:00:00Z'],
  ['hour 25', '2026-03-01T25:00:00Z'],
  ['minute 60', '2026-03-01T18:60:00Z'],
  ['an offset of 24 hours', '2026-03-01T18:00:00+24:00'],
  ['an offset of 60 minutes', '2026-03-01T18:00:00+01:60'],
  ['year 0', '0000-01-01T00:00:00Z'],
  ['an offset back into year 0', '0001-01-01T00:00:00+00:01'],
  ['an offset on into year 10000', '9999-12-31T23:59:59-00:01'],
  ['a year of six digits', '+002026-03-01T18:00:00Z'],
  ['a line break behind', '2026-03-01T18:00:00Z\n'],
  ['a space before', ' 2026-03-01T18:00:00Z'],
  ['nothing', ''],
  ['a word', 'yesterday'],
  ['a number', '1772388000000'],
] as const;

describe('parseTimestamp', () => {
  it.each(accepted)('reads a time, given %s, as the instant %s', (text, expected) => {
    expect(iso(parseTimestamp(text))).toBe(expected);
  });

  it.each([...refused, ['a plain date', '2026-03-01'] as const])('refuses a time, given %s: "%s"', (_, text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  it('reads back any instant, written in any offset, as the same instant', () => {
    const instant = fc.date({ min: new Date('0001-01-03'), max: new Date('9999-12-29'), noInvalidDate: true });
    const offset = fc.record({ sign: fc.constantFrom(1, -1), hours: fc.nat(23), minutes: fc.nat(59) });
    fc.assert(
      fc.property(instant, offset, (date, { sign, hours, minutes }) => {
        const local = new Date(date.getTime() + sign * (hours * 60 + minutes) * 60_000).toISOString().slice(0, -1);
        const two = (part: number) => part.toString().padStart(2, '0');
        const text = `${local}${sign > 0 ? '+' : '-'}${two(hours)}:${two(minutes)}`;
        expect(parseTimestamp(text)).toBe(date.getTime());
      }),
      { numRuns: 300 },
    );
  });

  it('gives undefined or a time that can be written, for any text, and never throws', () => {
    const digits = fc.stringMatching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-2][0-9]:[0-9]{2}:[0-9]{2}Z$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), digits), (text) => {
        const time = parseTimestamp(text);
        if (time !== undefined) expect(parseTimestamp(new Date(time).toISOString())).toBe(time);
      }),
      { numRuns: 300 },
    );
  });
});

describe('parseTimeOrDate', () => {
  it.each(accepted)('reads a time, given %s, as the instant %s', (text, expected) => {
    expect(iso(parseTimeOrDate(text))).toBe(expected);
  });

  it.each([
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
  ])('reads a plain date, given %s, as its midnight in UTC', (text, expected) => {
    expect(iso(parseTimeOrDate(text))).toBe(expected);
  });

  it.each([
    ...refused,
    ['a date that is none', '2026-02-30'] as const,
    ['a date of year 0', '0000-01-01'] as const,
    ['a date of single digits', '2026-3-1'] as const,
    ['a month', '2026-03'] as const,
  ])('refuses a time or date, given %s: "%s"', (_, text) => {
    expect(parseTimeOrDate(text)).toBeUndefined();
  });
});

describe('notBefore', () => {
  it.each([
    ['a clock that is ahead', '2026-03-01T18:00:00.000Z', '2026-03-01T18:00:00.001Z', '2026-03-01T18:00:00.001Z'],
    ['a clock that stands still', '2026-03-01T18:00:00.000Z', '2026-03-01T18:00:00.000Z', '2026-03-01T18:00:00.000Z'],
    ['a clock that is behind', '2026-03-01T18:00:00.000Z', '2026-03-01T17:59:59.999Z', '2026-03-01T18:00:00.000Z'],
    ['a time of another zone', '2026-03-01T19:00:00+02:00', '2026-03-01T16:00:00.000Z', '2026-03-01T17:00:00.000Z'],
  ])('with %s, does not run backwards', (_, last, now, expected) => {
    expect(notBefore(last, new Date(now))).toBe(expected);
  });
});
