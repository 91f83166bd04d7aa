import { describe, expect, test } from 'vitest';
import { differing, FIELDS, type Formats, labelOf, linesOf } from '../../web/pages/history/fields.ts';
import { chosenRevision, createCache, eventInWords } from '../../web/pages/history/revisions.ts';
import { traceUrl } from '../../web/ui/trace-url.ts';
import { OrderEventType } from '../../src/http/schemas/history.ts';
import { PlainOrder } from '../../src/http/schemas/orders.ts';

const formats: Formats = {
  money: (amount) => `$${amount}`,
  dateTime: (time) => `at ${time}`,
  duration: (ms) => `${ms / 1000} s`,
  status: (status) => status.toLowerCase(),
};

describe('the revision that an address asks for', () => {
  test.each([
    [null, 29],
    ['29', 29],
    ['7', 7],
    ['0', 0],
  ])('%s of 29 is %d', (asked, revision) => {
    expect(chosenRevision(asked, 29)).toEqual({ revision });
  });

  test.each(['30', '99999999999', '-1', '1.5', 'seven', ''])(
    '“%s” of 29 is none, and the last one is shown',
    (asked) => {
      const { revision, mistake } = chosenRevision(asked, 29);
      expect(revision).toBe(29);
      expect(mistake).toContain(asked);
    },
  );
});

test('the cache of revisions keeps the newest of them', () => {
  const cache = createCache<string>(2);
  expect(cache.set(1, 'one')).toBe('one');
  cache.set(2, 'two');
  cache.set(3, 'three');
  expect([1, 2, 3].map((revision) => cache.get(revision))).toEqual([undefined, 'two', 'three']);
});

test('an event of every type that there is has words, and an unknown one its type', () => {
  for (const eventType of OrderEventType.enum) expect(eventInWords(eventType)).not.toBe(eventType);
  expect(eventInWords('PizzaEaten')).toBe('PizzaEaten');
});

test.each([
  ['https://traces.example/trace/{traceId}', '4bf9', 'https://traces.example/trace/4bf9'],
  ['https://traces.example/?q=a b&id={traceId}', 'a/b', 'https://traces.example/?q=a b&id=a%2Fb'],
  [undefined, '4bf9', undefined],
  ['https://traces.example/{traceId}', null, undefined],
])('with the template %s, the trace %s is at %s', (template, traceId, url) => {
  expect(traceUrl(template, traceId)).toBe(url);
});

describe('a field of an order', () => {
  test('is shown for each that the API has, but for its id, its revision and what others tell already', () => {
    const shown = FIELDS.map(({ name }) => name);
    const told = ['id', 'revision', 'currency', 'itemCount', 'quantity'];
    expect([...shown, ...told].sort()).toEqual(Object.keys(PlainOrder.properties).sort());
  });

  test.each([
    ['status', 'READY', ['ready']],
    ['totalAmount', '12.50', ['$12.50']],
    ['timeToPayment', 0, ['0 s']],
    ['placedAt', 'noon', ['at noon']],
    [
      'items',
      [
        { name: 'Margherita', quantity: 2, unitPrice: '12.50' },
        { name: 'Diavola', quantity: 1, unitPrice: '14.00' },
      ],
      ['2 × Margherita, $12.50 each', '1 × Diavola, $14.00 each'],
    ],
    [
      'deliveryAddress',
      { street: 'Via Toledo 4', city: 'Napoli', postalCode: '80134' },
      ['Via Toledo 4, 80134 Napoli'],
    ],
    [
      'refunds',
      [
        { amount: '5.00', status: 'PENDING', reason: 'cold', transactionId: null },
        { amount: '6.00', status: 'COMPLETED', reason: 'late', transactionId: 'r-1' },
      ],
      ['$5.00 owed: cold', '$6.00 given back: late (r-1)'],
    ],
    ['kitchenNotes', null, []],
    ['kitchenNotes', '', []],
    ['somethingNew', { size: 3 }, ['{"size":3}']],
  ])('%s is shown in lines', (name, value, lines) => {
    expect(linesOf(name, value, formats)).toEqual(lines);
  });

  test('that is unknown is called by its name', () => {
    expect(labelOf('paymentStatus')).toBe('Payment');
    expect(labelOf('somethingNew')).toBe('somethingNew');
  });

  test.each([
    [['a', 'b'], ['a', 'c'], { gone: ['b'], come: ['c'] }],
    [['a', 'a'], ['a'], { gone: ['a'], come: [] }],
    [[], ['a'], { gone: [], come: ['a'] }],
    [['12:30'], ['12:30'], { gone: ['12:30'], come: ['12:30'] }],
  ])('of %j and %j shows what differs', (before, after, difference) => {
    expect(differing(before, after)).toEqual(difference);
  });
});
