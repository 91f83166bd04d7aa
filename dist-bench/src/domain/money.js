import { Decimal as BaseDecimal } from 'decimal.js';
/** A clone of its own, so that nobody's global settings change how money is computed; 40 digits never round here. */
export const Decimal = BaseDecimal.clone({ precision: 40, defaults: true });
const AMOUNT = /^\d{1,10}(\.\d{1,2})?$/;
/** The prices of a menu come again and again. */
const lately = new Map();
const MOST_LATELY = 2000;
/**
 * Reads an amount. The pattern comes first because decimal.js itself takes `0x10`, `1e309` and `NaN`.
 *
 * @throws RangeError for anything but digits with at most two decimals
 */
export function parseMoney(amount) {
    const known = lately.get(amount);
    if (known)
        return known;
    if (!AMOUNT.test(amount))
        throw new RangeError('not an amount: digits with at most two decimals are');
    const money = new Decimal(amount);
    if (lately.size >= MOST_LATELY)
        lately.clear();
    lately.set(amount, money);
    return money;
}
/** Two decimals, e.g. `"25.00"`. */
export function formatMoney(amount) {
    return amount.toFixed(2);
}
/** Integer hundredths, exact for every amount the domain allows (below 10¹³). */
export function toMinorUnits(amount) {
    return amount.times(100).toNumber();
}
/** Writes hundredths as an amount, digit by digit: `2500` is `"25.00"`. */
export function formatMinorUnits(minor) {
    const digits = String(minor).padStart(3, '0');
    return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
export function fromMinorUnits(minor) {
    return new Decimal(minor).dividedBy(100);
}
