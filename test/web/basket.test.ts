import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  asOffered,
  type Guest,
  type Line,
  mistakesIn,
  MOST_LINES,
  MOST_OF_ONE,
  nameOf,
  NOBODY,
  offersOf,
  piecesIn,
  totalMinor,
  toRequest,
  withQuantity,
  without,
} from '../../web/pages/order/basket.ts';

const margherita = { sku: 'm_s', name: 'Margherita', size: 'S', priceMinor: 850 };
const diavola = { sku: 'd', name: 'Diavola', size: null, priceMinor: 1005 };

describe('a basket', () => {
  test('to which offers are added has a line for each, and counts those that come again', () => {
    const lines = [margherita, diavola, margherita].reduce<readonly Line[]>(add, []);
    expect(lines).toEqual([
      { ...margherita, quantity: 2 },
      { ...diavola, quantity: 1 },
    ]);
    expect([piecesIn(lines), totalMinor(lines)]).toEqual([3, 2705]);
  });

  test('that is full is left as it is by one more', () => {
    const lines = Array.from({ length: MOST_LINES }, (_, index) => ({ ...diavola, sku: `d${index}`, quantity: 1 }));
    expect(add(lines, margherita)).toBe(lines);
    const most = [{ ...diavola, quantity: MOST_OF_ONE }];
    expect(add(most, diavola)).toBe(most);
  });

  test.each([
    [5, 5],
    [0, 1],
    [-3, 1],
    [2.9, 2],
    [1000, MOST_OF_ONE],
  ])('asked for %d of one takes %d', (asked, taken) => {
    expect(withQuantity([{ ...diavola, quantity: 7 }], 'd', asked)).toEqual([{ ...diavola, quantity: taken }]);
  });

  test('whatever is put in costs the sum of its lines, to the cent', () => {
    const line = fc.record({ priceMinor: fc.nat(1_000_000), quantity: fc.integer({ min: 1, max: MOST_OF_ONE }) });
    fc.assert(
      fc.property(fc.array(line, { maxLength: MOST_LINES }), (given) => {
        const lines = given.map((each, index) => ({ ...diavola, ...each, sku: String(index) }));
        const exact = lines.reduce((sum, each) => sum + BigInt(each.priceMinor) * BigInt(each.quantity), 0n);
        expect(BigInt(totalMinor(lines))).toBe(exact);
      }),
    );
  });

  test('without one has the others', () => {
    const lines = [margherita, diavola].reduce<readonly Line[]>(add, []);
    expect(without(lines, 'm_s')).toEqual([{ ...diavola, quantity: 1 }]);
  });
});

describe('a menu that is read again', () => {
  const menu = (price: string, size: string | null = 'S') => ({
    currency: 'EUR',
    categories: [
      { category: 'Classic', items: [{ name: 'Margherita', ingredients: [], sizes: [{ sku: 'm_s', size, price }] }] },
    ],
  });
  const lines = [{ ...margherita, quantity: 2 }];

  test('and offers the same leaves the basket as it is', () => {
    expect(asOffered(lines, offersOf(menu('8.50')))).toEqual({ lines, changes: [] });
  });

  test('with another price, or another size, changes the line and says from what', () => {
    for (const now of [menu('9.00'), menu('8.50', 'L'), menu('8.5', null)]) {
      const [offer] = offersOf(now).values();
      const after = { ...offer, quantity: 2 };
      expect(asOffered(lines, offersOf(now))).toEqual({ lines: [after], changes: [{ before: lines[0], after }] });
    }
  });

  test('without an item takes its line out, and says so', () => {
    const both = [...lines, { ...diavola, quantity: 1 }];
    expect(asOffered(both, offersOf(menu('8.50')))).toEqual({
      lines,
      changes: [{ before: both[1], after: undefined }],
    });
  });
});

describe('a request', () => {
  const lines = [
    { ...margherita, quantity: 2 },
    { ...diavola, quantity: 1 },
  ];
  const guest: Guest = {
    customerId: ' giulia ',
    email: ' giulia@example.com ',
    isDelivered: true,
    address: { street: 'Via Roma 1 ', city: 'Genova', postalCode: '16121', notes: ' ' },
  };

  test('says what is ordered, by sku, and what the guest was told that it costs', () => {
    expect(toRequest(lines, guest)).toEqual({
      customerId: 'giulia',
      customerEmail: 'giulia@example.com',
      items: [
        { sku: 'm_s', quantity: 2 },
        { sku: 'd', quantity: 1 },
      ],
      totalAmount: '27.05',
      deliveryAddress: { street: 'Via Roma 1', city: 'Genova', postalCode: '16121' },
    });
  });

  test('of a guest who picks it up, and tells no email, has neither', () => {
    expect(Object.keys(toRequest(lines, { ...guest, email: '', isDelivered: false }))).toEqual([
      'customerId',
      'items',
      'totalAmount',
    ]);
  });

  test('is not made while something is missing: which fields is said', () => {
    expect(mistakesIn(guest)).toEqual({});
    expect(Object.keys(mistakesIn(NOBODY))).toEqual(['customerId', 'street', 'postalCode', 'city']);
    expect(Object.keys(mistakesIn({ ...NOBODY, customerId: ' ', email: 'giulia', isDelivered: false }))).toEqual([
      'customerId',
      'email',
    ]);
  });
});

test('an offer is called by its name, with its size where there are several', () => {
  expect([nameOf(margherita), nameOf(diavola)]).toEqual(['Margherita, S', 'Diavola']);
});
