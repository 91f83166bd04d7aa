import { describe, expect, test } from 'vitest';
import { initialValues, mistakesIn, toAmount } from '../../web/pages/orders/commands/fields.ts';
import { endsTooEarly, readFilter, toParameters } from '../../web/pages/orders/filter.ts';
import { itemsInWords, orderIdIn } from '../../web/pages/orders/order-words.ts';
import { orderNumber } from '../../web/ui/order-number.ts';

describe('the filter of orders', () => {
  const read = (text: string) => readFilter(new URLSearchParams(text));

  test('in an address with every field is read', () => {
    const text = 'customerId=giulia&status=READY&paymentStatus=PAID&placedFrom=2026-01-31&placedTo=2026-02-01&page=2';
    expect(read(text)).toEqual({
      customerId: 'giulia',
      status: 'READY',
      paymentStatus: 'PAID',
      placedFrom: '2026-01-31',
      placedTo: '2026-02-01',
    });
  });

  test.each([
    'customerId=+',
    'status=EATEN&paymentStatus=LATER',
    'placedFrom=0002-01-31',
    'placedFrom=2026-02-30',
    'placedTo=tomorrow',
    '',
  ])('in the address “%s” is none', (text) => {
    expect(read(text)).toEqual({});
  });

  test('that ends before it begins says so, and one of a single day does not', () => {
    expect(endsTooEarly(read('placedFrom=2026-02-01&placedTo=2026-01-31'))).toBe(true);
    expect(endsTooEarly(read('placedFrom=2026-02-01&placedTo=2026-02-01'))).toBe(false);
    expect(endsTooEarly(read('placedTo=2026-02-01'))).toBe(false);
  });

  test('for the API has whole days of the zone, the last one too', () => {
    const parameters = toParameters(read('status=READY&placedFrom=2026-10-25&placedTo=2026-10-25'), 'Europe/Rome');
    expect(parameters).toEqual({
      status: 'READY',
      placedFrom: '2026-10-24T22:00:00.000Z',
      placedTo: '2026-10-25T23:00:00.000Z', // 25 hours later: clocks are put back
    });
  });
});

describe('what is said of an order', () => {
  const id = '01a2188d-765f-7f24-9c01-17f1e4f88bc8';

  test.each([id, ` ${id.toUpperCase()}\n`, `https://pizza.example/app/orders/${id}/history?revision=3`])(
    'is found in the pasted text “%s”',
    (text) => {
      expect(orderIdIn(text)).toBe(id);
    },
  );

  test.each(['', '8BC8', id.slice(1)])('is not found in “%s”', (text) => {
    expect(orderIdIn(text)).toBeUndefined();
  });

  test('is short', () => {
    expect(orderNumber(id)).toBe('8BC8');
    const items = [
      { name: 'Margherita', quantity: 2 },
      { name: 'Diavola', quantity: 1 },
    ];
    expect(itemsInWords(items)).toBe('2 × Margherita, 1 × Diavola');
  });
});

describe('what is typed for a command', () => {
  test.each([
    ['12', '12'],
    ['12,5', '12.5'],
    [' 12.50 ', '12.50'],
    ['9999999.99', '9999999.99'],
  ])('the amount “%s” is %s', (text, amount) => {
    expect(toAmount(text)).toBe(amount);
  });

  test.each(['', '0', '0,00', '-1', '1.234,50', '1,234', '12.345', '1e3', '12345678', '12 €'])(
    'the amount “%s” is none',
    (text) => {
      expect(toAmount(text)).toBeUndefined();
    },
  );

  test('lacks what is empty, but for a choice of yes and no', () => {
    const fields = [
      { name: 'amount', label: 'Amount', kind: 'amount', initial: '31.00' },
      { name: 'reason', label: 'Reason', kind: 'text' },
      { name: 'final', label: 'For good', kind: 'check' },
    ] as const;
    const values = initialValues(fields);
    expect(values).toEqual({ amount: '31.00', reason: '', final: '' });
    expect(Object.keys(mistakesIn(fields, values))).toEqual(['reason']);
    expect(Object.keys(mistakesIn(fields, { ...values, amount: 'all', reason: ' ' }))).toEqual(['amount', 'reason']);
    expect(mistakesIn(fields, { ...values, reason: 'cold' })).toEqual({});
  });
});
