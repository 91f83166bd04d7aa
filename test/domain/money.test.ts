import { Decimal as GlobalDecimal } from 'decimal.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Decimal,
  formatMinorUnits,
  formatMoney,
  fromMinorUnits,
  parseMoney,
  toMinorUnits,
} from '../../src/domain/money.ts';
import { amount, centsToText, money, textToCents } from './arbitraries.ts';

describe('parseMoney', () => {
  it.each([
    ['0', '0.00'],
    ['0.01', '0.01'],
    ['12', '12.00'],
    ['12.5', '12.50'],
    ['12.50', '12.50'],
    ['007', '7.00'],
    ['9999999999.99', '9999999999.99'],
  ])('reads an amount, written as %s, as %s', (text, formatted) => {
    expect(formatMoney(parseMoney(text))).toBe(formatted);
  });

  it.each([
    ...['', ' ', '.5', '5.', '1.234', '-1', '+1', '1,5', '1_000', '1e3', '1e309', '0x10', '0b1', 'NaN', 'Infinity'],
    ...['12.50 ', ' 12.50', '12.50\n', '12345678901', '١٢', '１２'],
  ])('refuses an amount, written as "%s", as none', (text) => {
    expect(() => parseMoney(text)).toThrow(new RangeError('not an amount: digits with at most two decimals are'));
  });

  it('keeps to digits with two decimals, for any text, or throws a RangeError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.eEx+_-]{1,8}$/)), (text) => {
        try {
          expect(textToCents(formatMoney(parseMoney(text)))).toBe(textToCents(text));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect(text).not.toMatch(/^\d{1,10}(\.\d{1,2})?$/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('formatMoney and parseMoney', () => {
  it('give back the amount, for any amount, to the cent', () => {
    fc.assert(
      fc.property(money, (text) => {
        const parsed = parseMoney(text);
        expect(formatMoney(parsed)).toBe(text);
        expect(parseMoney(formatMoney(parsed)).equals(parsed)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('give two decimals, for any way to write an amount, and the same ones', () => {
    fc.assert(
      fc.property(amount(0n, 999_999_999_999n), (text) => {
        expect(formatMoney(parseMoney(text))).toBe(centsToText(textToCents(text)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('minor units', () => {
  it.each([
    ['0.00', 0],
    ['0.07', 7],
    ['0.29', 29],
    ['1.15', 115],
    ['25.00', 2500],
    ['9999999999.99', 999_999_999_999],
  ])('are integer hundredths, for %s, namely %i', (text, minor) => {
    expect(toMinorUnits(parseMoney(text))).toBe(minor);
    expect(formatMoney(fromMinorUnits(minor))).toBe(text);
    expect(formatMinorUnits(minor)).toBe(text);
  });

  it('give back the amount, for any amount, as safe integers', () => {
    fc.assert(
      fc.property(money, (text) => {
        const minor = toMinorUnits(parseMoney(text));
        expect(Number.isSafeInteger(minor)).toBe(true);
        expect(BigInt(minor)).toBe(textToCents(text));
        expect(formatMoney(fromMinorUnits(minor))).toBe(text);
        expect(formatMinorUnits(minor)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

describe('arithmetic', () => {
  it('agrees with integers, for sums of price times quantity, to the cent', () => {
    const lines = fc.array(fc.record({ price: money, quantity: fc.integer({ min: 1, max: 1000 }) }), {
      minLength: 1,
      maxLength: 100,
    });
    fc.assert(
      fc.property(lines, (all) => {
        const sum = all.reduce(
          (total, line) => total.plus(parseMoney(line.price).times(line.quantity)),
          new Decimal(0),
        );
        const cents = all.reduce((total, line) => total + textToCents(line.price) * BigInt(line.quantity), 0n);
        expect(formatMoney(sum)).toBe(centsToText(cents));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same, when somebody changes the settings of decimal.js, to the cent', () => {
    const { precision } = GlobalDecimal;
    try {
      GlobalDecimal.set({ precision: 3 });
      expect(formatMoney(parseMoney('9999999999.99').times(1000))).toBe('9999999999990.00');
      expect(toMinorUnits(parseMoney('1234567.89'))).toBe(123_456_789);
    } finally {
      GlobalDecimal.set({ precision });
    }
  });
});
