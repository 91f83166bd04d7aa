import { expect, test } from 'vitest';
import { fromMinor, toMinor } from '../../web/ui/amount.ts';

test.each([
  ['12.50', 1250],
  ['0.00', 0],
  ['0.05', 5],
  ['-0.50', -50],
  ['-2.05', -205],
  ['1234567.89', 123_456_789],
])('the amount %s is %i hundredths, and the other way round', (amount, minor) => {
  expect(toMinor(amount)).toBe(minor);
  expect(fromMinor(minor)).toBe(amount);
});

test('an amount without, or with one decimal, is read as one with two', () => {
  expect(['7', '7.5', '-7.5'].map(toMinor)).toEqual([700, 750, -750]);
});
