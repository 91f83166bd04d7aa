import { describe, expect, test } from 'vitest';
import { addUp, changeOf, spansOf, ticksFor, unitOf } from '../../web/pages/figures/bars.ts';
import { toCsv } from '../../web/pages/figures/csv.ts';
import { daysOf, isPeriodName, lengthOf, timesBefore, timesOf } from '../../web/pages/figures/periods.ts';

const iso = ({ from, to }: { readonly from: number; readonly to: number }) => [
  new Date(from).toISOString(),
  new Date(to).toISOString(),
];

describe('a period', () => {
  test.each([
    ['today', { first: '2026-03-15', last: '2026-03-15' }],
    ['7d', { first: '2026-03-09', last: '2026-03-15' }],
    ['30d', { first: '2026-02-14', last: '2026-03-15' }],
    ['month', { first: '2026-03-01', last: '2026-03-15' }],
    ['year', { first: '2025-03-16', last: '2026-03-15' }],
  ] as const)('%s, asked for in the middle of March, has today as its last day', (name, expected) => {
    expect(daysOf(name, {}, '2026-03-15')).toEqual(expected);
  });

  test('own days, chosen wrongly, are told in words', () => {
    expect(daysOf('own', { first: '2026-01-01', last: '2026-01-31' }, '2026-03-15')).toEqual({
      first: '2026-01-01',
      last: '2026-01-31',
    });
    expect(daysOf('own', { first: '2026-01-01' }, '2026-03-15')).toMatch(/Choose/);
    expect(daysOf('own', { first: '2026-02-30', last: '2026-03-01' }, '2026-03-15')).toMatch(/Choose/);
    expect(daysOf('own', { first: '2026-02-02', last: '2026-02-01' }, '2026-03-15')).toMatch(/before/);
    expect(typeof daysOf('own', { first: '2016-03-15', last: '2026-03-14' }, '2026-03-15')).toBe('object');
    expect(daysOf('own', { first: '2016-03-15', last: '2026-03-15' }, '2026-03-15')).toMatch(/at most 10 years/);
  });

  test('a name, taken from an address, is checked', () => {
    expect(isPeriodName('7d')).toBe(true);
    expect(isPeriodName('toString')).toBe(false);
    expect(isPeriodName(null)).toBe(false);
  });

  test('its times, with a change of the clocks in it, begin and end at midnight there', () => {
    expect(iso(timesOf({ first: '2026-03-28', last: '2026-03-29' }, 'Europe/Rome'))).toEqual([
      '2026-03-27T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ]);
  });

  test('the one before, of days that are over, is as long and ends where they begin', () => {
    const before = timesBefore({ first: '2026-03-08', last: '2026-03-14' }, 'UTC', Date.parse('2026-03-15T12:00:00Z'));
    expect(iso(before)).toEqual(['2026-03-01T00:00:00.000Z', '2026-03-08T00:00:00.000Z']);
  });

  test('the one before, while today goes on, ends at the same time of day', () => {
    const noon = Date.parse('2026-03-15T12:00:00Z');
    const today = { first: '2026-03-15', last: '2026-03-15' };
    expect(iso(timesBefore(today, 'UTC', noon))).toEqual(['2026-03-14T00:00:00.000Z', '2026-03-14T12:00:00.000Z']);
    const week = { first: '2026-03-09', last: '2026-03-15' };
    expect(lengthOf(week)).toBe(7);
    expect(iso(timesBefore(week, 'UTC', noon))).toEqual(['2026-03-02T00:00:00.000Z', '2026-03-08T12:00:00.000Z']);
    const month = { first: '2026-03-01', last: '2026-03-31' };
    expect(iso(timesBefore(month, 'UTC', noon))).toEqual(['2026-01-29T00:00:00.000Z', '2026-02-12T12:00:00.000Z']);
  });

  test('the one before, on the long day of a change of the clocks, never reaches into the period', () => {
    const late = Date.parse('2026-10-25T22:30:00Z');
    const { to } = timesBefore({ first: '2026-10-25', last: '2026-10-25' }, 'Europe/Rome', late);
    expect(to).toBe(timesOf({ first: '2026-10-25', last: '2026-10-25' }, 'Europe/Rome').from);
  });
});

describe('bars', () => {
  test.each([
    ['2026-01-01', '2026-01-01', 'day', 1],
    ['2026-01-01', '2026-03-03', 'day', 62],
    ['2026-01-01', '2026-03-04', 'week', 10],
    ['2025-01-01', '2025-12-31', 'week', 53],
    ['2024-01-01', '2025-12-31', 'month', 24],
    ['2016-01-01', '2025-12-31', 'month', 120],
  ] as const)('of %s to %s stand for a %s each', (first, last, unit, bars) => {
    expect(unitOf({ first, last })).toBe(unit);
    const spans = spansOf({ first, last }, unit);
    expect(spans).toHaveLength(bars);
    expect(spans.reduce((sum, span) => sum + lengthOf(span), 0)).toBe(lengthOf({ first, last }));
    expect([spans[0]?.first, spans.at(-1)?.last]).toEqual([first, last]);
  });

  test('of weeks and months, cut by the period, begin on Mondays and firsts', () => {
    expect(spansOf({ first: '2026-01-01', last: '2026-01-13' }, 'week')).toEqual([
      { first: '2026-01-01', last: '2026-01-04' },
      { first: '2026-01-05', last: '2026-01-11' },
      { first: '2026-01-12', last: '2026-01-13' },
    ]);
    expect(spansOf({ first: '2024-01-31', last: '2024-03-02' }, 'month')).toEqual([
      { first: '2024-01-31', last: '2024-01-31' },
      { first: '2024-02-01', last: '2024-02-29' },
      { first: '2024-03-01', last: '2024-03-02' },
    ]);
  });

  test('add up the days, those without orders as 0 and those outside at the nearest end', () => {
    const spans = spansOf({ first: '2026-01-05', last: '2026-01-07' }, 'day');
    const days = [
      { date: '2026-01-04', value: 1 },
      { date: '2026-01-05', value: 2 },
      { date: '2026-01-07', value: 4 },
      { date: '2026-01-08', value: 8 },
    ];
    expect(addUp(spans, days)).toEqual([3, 0, 12]);
  });

  test.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [4, [0, 1, 2, 3, 4]],
    [20, [0, 5, 10, 15, 20]],
    [65_850, [0, 20_000, 40_000, 60_000, 80_000]],
  ])('ticks for %i are round', (most, expected) => {
    expect(ticksFor(most)).toEqual(expected);
  });

  test('ticks, for anything, are whole, few, and reach to the top', () => {
    for (let most = 0; most < 5000; most += 7) {
      const ticks = ticksFor(most);
      expect(ticks.every(Number.isInteger)).toBe(true);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(most);
    }
  });

  test('a change, of nothing to something, is no share', () => {
    expect(changeOf(15, 10)).toBe(0.5);
    expect(changeOf(5, 10)).toBe(-0.5);
    expect(changeOf(0, 0)).toBe(0);
    expect(changeOf(3, 0)).toBeUndefined();
    // Net revenue can be negative: less negative is more.
    expect(changeOf(-5, -10)).toBe(0.5);
  });
});

describe('CSV', () => {
  test('rows, with separators, quotes and line breaks in them, are as RFC 4180 has them', () => {
    expect(
      toCsv([
        ['item', 'sold'],
        ['Pizza "Diavola", hot', 3],
        ['two\nlines', 0],
      ]),
    ).toBe('item,sold\r\n"Pizza ""Diavola"", hot",3\r\n"two\nlines",0\r\n');
  });

  test.each(['=1+1', '+1', '@SUM(A1)', '-cmd', '\t=1', '\r=1'])(
    'a text that a spreadsheet would run, %j, is text',
    (text) => {
      expect(toCsv([[text]])).toMatch(/^"?'/);
    },
  );

  test.each([['-12.50'], ['25.00'], [-3]])('a number, %j, stays a number', (value) => {
    expect(toCsv([[value]])).toBe(`${value}\r\n`);
  });
});
