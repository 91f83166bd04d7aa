import { describe, expect, test } from 'vitest';
import { addDays, dayIn, daysFrom, isDay, startOfDay } from '../../web/ui/days.ts';

const iso = (time: number) => new Date(time).toISOString();

describe('a day of the calendar', () => {
  test.each([
    ['2026-01-31', true],
    ['2024-02-29', true],
    ['2026-02-29', false],
    ['2026-1-31', false],
    ['yesterday', false],
    ['', false],
  ])('%j is one: %s', (text, expected) => {
    expect(isDay(text)).toBe(expected);
  });

  test('days, added over the end of a month, a year and a leap day, are those of the calendar', () => {
    expect(addDays('2026-01-31', 1)).toBe('2026-02-01');
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31');
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01');
    expect(daysFrom('2024-02-28', '2024-03-01')).toBe(2);
  });

  test('the day that it is, asked before and after midnight there, changes with the zone', () => {
    const time = Date.parse('2026-07-01T23:30:00Z');
    expect(dayIn(time, 'UTC')).toBe('2026-07-01');
    expect(dayIn(time, 'Europe/Rome')).toBe('2026-07-02');
    expect(dayIn(time, 'America/New_York')).toBe('2026-07-01');
  });
});

describe('where a day begins', () => {
  test.each([
    ['2026-07-01', 'UTC', '2026-07-01T00:00:00.000Z'],
    ['2026-07-01', 'Europe/Rome', '2026-06-30T22:00:00.000Z'],
    ['2026-01-01', 'Europe/Rome', '2025-12-31T23:00:00.000Z'],
    ['2026-01-01', 'Asia/Kathmandu', '2025-12-31T18:15:00.000Z'],
    ['2026-01-01', 'Pacific/Auckland', '2025-12-31T11:00:00.000Z'],
    ['2026-01-01', 'Pacific/Honolulu', '2026-01-01T10:00:00.000Z'],
    // The day on which the clocks change, and the one after.
    ['2026-03-29', 'Europe/Rome', '2026-03-28T23:00:00.000Z'],
    ['2026-03-30', 'Europe/Rome', '2026-03-29T22:00:00.000Z'],
    ['2026-10-25', 'Europe/Rome', '2026-10-24T22:00:00.000Z'],
    ['2026-10-26', 'Europe/Rome', '2026-10-25T23:00:00.000Z'],
    // Midnight does not exist: the clocks are put forward then.
    ['2023-03-26', 'Asia/Beirut', '2023-03-25T22:00:00.000Z'],
    ['2026-09-06', 'America/Santiago', '2026-09-06T04:00:00.000Z'],
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    // Midnight comes twice, or the hour before it.
    ['2023-11-05', 'America/Havana', '2023-11-05T04:00:00.000Z'],
    ['2018-02-18', 'America/Sao_Paulo', '2018-02-18T03:00:00.000Z'],
  ])('%s in %s is %s', (day, zone, expected) => {
    const start = startOfDay(day, zone);
    expect(iso(start)).toBe(expected);
    expect(dayIn(start, zone)).toBe(day);
    expect(dayIn(start - 1, zone)).toBe(addDays(day, -1));
  });
});
