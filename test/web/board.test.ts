import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ageOf,
  allDay,
  backOf,
  type Card,
  COLUMNS,
  columnsFor,
  compareCards,
  mayBump,
  NEXT,
  readOptions,
  recentlyDone,
  type Rights,
  shortNumbers,
  type Status,
} from '../../web/pages/kitchen/board.ts';
import { bumpable, differenceOf, layOut } from '../../web/pages/kitchen/layout.ts';
import { conflictOf, spoken } from '../../web/pages/kitchen/words.ts';

const PLACED = Date.parse('2030-01-31T19:00:00.000Z');
const MINUTE = 60_000;
const everything: Rights = { confirm: true, to: () => true };
const kitchen: Rights = { confirm: true, to: (status) => ['COOKING', 'READY'].includes(status) };
const driver: Rights = { confirm: false, to: (status) => ['OUT_FOR_DELIVERY', 'DELIVERED'].includes(status) };

function card(id: string, status: Status, more: Partial<Card> = {}): Card {
  return {
    id,
    revision: 1,
    customerId: 'customer-1',
    items: [{ name: 'Margherita', quantity: 1, unitPrice: '12.50' }],
    itemCount: 1,
    quantity: 1,
    totalAmount: '12.50',
    currency: 'USD',
    status,
    paymentStatus: 'UNPAID',
    refunds: [],
    kitchenNotes: null,
    deliveryAddress: null,
    placedAt: new Date(PLACED).toISOString(),
    estimatedDelivery: null,
    lastUpdated: new Date(PLACED).toISOString(),
    timeToConfirmation: null,
    timeToPayment: null,
    ...more,
  };
}
const mapOf = (...cards: Card[]) => new Map(cards.map((each) => [each.id, each]));
const at = (minutes: number) => new Date(PLACED + minutes * MINUTE).toISOString();

describe('the columns of a board', () => {
  test('are, for each role, those in which it can do something or take it back', () => {
    expect(columnsFor(everything)).toEqual(COLUMNS);
    expect(columnsFor(kitchen)).toEqual(['PENDING', 'CONFIRMED', 'COOKING', 'READY']);
    expect(columnsFor(driver)).toEqual(['READY', 'OUT_FOR_DELIVERY']);
    expect(mayBump('READY', kitchen)).toBe(false);
  });

  test('lead from one to the next, and back where the service lets them', () => {
    expect(COLUMNS.map((column) => NEXT[column])).toEqual([...COLUMNS.slice(1), 'DELIVERED']);
    expect(COLUMNS.map(backOf)).toEqual([undefined, undefined, undefined, 'COOKING', 'READY']);
    expect(backOf('DELIVERED')).toBeUndefined();
  });

  test('have what was promised first at the top, then what is older', () => {
    const cards = [
      card('d', 'COOKING', { placedAt: at(5) }),
      card('c', 'COOKING', { placedAt: at(1) }),
      card('b', 'COOKING', { estimatedDelivery: at(40), timeToConfirmation: 60 }),
      card('a', 'COOKING', { estimatedDelivery: at(40), timeToConfirmation: 0 }),
      card('e', 'COOKING', { estimatedDelivery: at(30), placedAt: at(9) }),
    ];
    expect(cards.sort(compareCards).map(({ id }) => id)).toEqual(['e', 'a', 'b', 'c', 'd']);
  });

  test('are in an order that does not depend on that in which orders came', () => {
    const some = fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        promised: fc.option(fc.integer({ min: 0, max: 3 })),
        placed: fc.integer({ min: 0, max: 3 }),
      }),
    );
    fc.assert(
      fc.property(some, (made) => {
        const cards = made.map(({ id, promised, placed }) =>
          card(id, 'COOKING', { placedAt: at(placed), estimatedDelivery: promised === null ? null : at(promised) }),
        );
        const idsOf = (sorted: Card[]) =>
          sorted.map(({ id, placedAt, estimatedDelivery }) => [id, placedAt, estimatedDelivery]);
        expect(idsOf([...cards].sort(compareCards))).toEqual(idsOf([...cards].reverse().sort(compareCards)));
      }),
    );
  });
});

describe('a screen’s address', () => {
  const usual = { columns: COLUMNS, warn: 10, late: 20 };
  test.each([
    ['', { ...usual, promise: 30 }],
    [
      'show=CONFIRMED,cooking&warn=5&late=8&promise=45',
      { columns: ['CONFIRMED', 'COOKING'], warn: 5, late: 8, promise: 45 },
    ],
    ['show=NONSENSE&warn=-1&late=many&promise=', { ...usual, promise: 30 }],
    ['warn=30', { ...usual, warn: 30, late: 30, promise: 30 }],
    ['warn=0&late=0.5', { ...usual, warn: 0, late: 0.5, promise: 30 }],
  ])('?%s, read, sets it up', (query, options) => {
    expect(readOptions(new URLSearchParams(query), usual)).toEqual(options);
  });

  test('?show of a column that the person does not have shows those that they have', () => {
    const { columns } = readOptions(new URLSearchParams('show=PENDING'), { ...usual, columns: columnsFor(driver) });
    expect(columns).toEqual(['READY', 'OUT_FOR_DELIVERY']);
  });
});

describe('the age of an order', () => {
  const thresholds = { warn: 10, late: 20 };
  const aged = (minutes: number, more?: Partial<Card>) =>
    ageOf(card('a', 'COOKING', more), PLACED + minutes * MINUTE, thresholds);

  test.each([
    [0, 'fresh', 0],
    [9.99, 'fresh', 0],
    [10, 'slow', 0],
    [20, 'late', 0],
    [24.5, 'late', 4],
  ] as const)('is, after %d minutes, %s by %d', (minutes, stage, lateMinutes) => {
    expect(aged(minutes)).toEqual({ ms: minutes * MINUTE, stage, lateMinutes });
  });

  test('counts from its confirmation', () => {
    expect(aged(15, { timeToConfirmation: 600 }).ms).toBe(5 * MINUTE);
  });

  test('of an order from the future is none', () => {
    expect(aged(-3)).toEqual({ ms: 0, stage: 'fresh', lateMinutes: 0 });
  });
});

describe('what is called out', () => {
  test('is the end of the id, and more of it where two would be called the same', () => {
    const ids = [
      '00000000-0000-0000-0000-00000a1b4f2a',
      '00000000-0000-0000-0000-00000c3d4f2a',
      '00000000-0000-0000-0000-000000000001',
    ];
    expect([...shortNumbers(ids).values()]).toEqual(['1B4F2A', '3D4F2A', '0001']);
  });

  test('of all pizzas to be made is how many, most first, and nothing that waits or is ready', () => {
    const items = [
      { name: 'Diavola', quantity: 3, unitPrice: '14.00' },
      { name: 'Margherita', quantity: 1, unitPrice: '12.50' },
    ];
    const counts = allDay([
      card('a', 'PENDING', { items }),
      card('b', 'CONFIRMED', { items }),
      card('c', 'COOKING'),
      card('d', 'READY', { items }),
    ]);
    expect(counts).toEqual([
      ['Diavola', 3],
      ['Margherita', 2],
    ]);
  });

  test('recently done are the last twenty that can be taken back', () => {
    const cards = Array.from({ length: 25 }, (_, minute) => card(`r${minute}`, 'READY', { lastUpdated: at(minute) }));
    const recent = recentlyDone([card('c', 'COOKING', { lastUpdated: at(99) }), ...cards]);
    expect(recent.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `r${24 - index}`));
  });
});

describe('a board, laid out', () => {
  const cards = [card('a', 'READY'), card('b', 'COOKING'), card('c', 'PENDING'), card('d', 'CANCELLED')];

  test('has each order in its column, and keys for those that can be bumped', () => {
    const lanes = layOut(columnsFor(kitchen), { cards, cancelled: [], traces: [] }, kitchen);
    expect(lanes.map(({ column, items }) => [column, items.map(({ card: { id }, key }) => [id, key])])).toEqual([
      ['PENDING', [['c', 1]]],
      ['CONFIRMED', []],
      ['COOKING', [['b', 2]]],
      ['READY', [['a', undefined]]],
    ]);
    expect(bumpable(lanes, kitchen).map(({ id }) => id)).toEqual(['c', 'b']);
  });

  test('has nine keys, however many orders', () => {
    const many = Array.from({ length: 12 }, (_, index) => card(`o${index + 10}`, 'COOKING'));
    const [lane] = layOut(['COOKING'], { cards: many, cancelled: [], traces: [] }, kitchen);
    expect(lane?.items.map(({ key }) => key)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, undefined, undefined, undefined]);
  });

  test('keeps a cancelled order, and the place of one that was bumped, where they were', () => {
    const [gone, done] = [card('g', 'CANCELLED', { placedAt: at(-5) }), card('f', 'COOKING', { placedAt: at(-4) })];
    const lanes = layOut(
      ['COOKING'],
      {
        cards: [card('b', 'COOKING'), { ...done, status: 'READY' }],
        cancelled: [{ card: gone, column: 'COOKING' }],
        traces: [{ card: done, column: 'COOKING', at: 0 }],
      },
      kitchen,
    );
    expect(lanes[0]?.items.map(({ kind, card: { id }, key }) => [kind, id, key])).toEqual([
      ['cancelled', 'g', undefined],
      ['trace', 'f', undefined],
      ['ticket', 'b', 1],
    ]);
  });
});

describe('what differs between two boards', () => {
  const station = ['CONFIRMED', 'COOKING'] as const;
  const [same, payed] = [card('a', 'COOKING'), card('p', 'CONFIRMED')];
  const before = mapOf(
    same,
    payed,
    card('b', 'COOKING'),
    card('c', 'CONFIRMED'),
    card('d', 'READY'),
    card('e', 'PENDING'),
  );
  const after = mapOf(
    same,
    { ...payed, paymentStatus: 'PAID', revision: 2 },
    card('b', 'COOKING', { kitchenNotes: 'no onions' }),
    card('e', 'CONFIRMED'),
    card('f', 'COOKING'),
    card('g', 'PENDING'),
  );

  test('is what a station sees come, change and go', () => {
    const { added, changed, left } = differenceOf(before, after, station);
    expect(added.map(({ id }) => id)).toEqual(['e', 'f']);
    expect(changed.map(({ id }) => id)).toEqual(['b']);
    expect(left.map(({ id }) => id)).toEqual(['c']);
  });

  test('is nothing when nothing has changed', () => {
    expect(differenceOf(before, before, COLUMNS)).toEqual({ added: [], changed: [], left: [] });
  });
});

describe('who was first', () => {
  const event = {
    timestamp: at(1),
    eventType: 'OrderStatusChanged',
    description: 'Status changed',
    traceId: null,
  } as const;
  const timeline = (newStatus: string, actor = 'anna') => [
    { ...event, revision: 0, actor: 'guest', details: {} },
    { ...event, revision: 2, actor, details: { newStatus } },
    { ...event, revision: 3, actor: 'luca', details: { newStatus: 'OUT_FOR_DELIVERY' } },
  ];

  test.each([
    ['anna', undefined, 'Anna'],
    ['anonymous', undefined, 'Somebody'],
    ['mario', 'mario', 'You'],
    ['POS for anna', 'mario', 'POS for anna'],
    ['6f1c9a', 'mario', '6f1c9a'],
  ])('of %s, told to %s, is %s', (actor, me, who) => {
    expect(conflictOf(timeline('READY', actor), { revision: 1 }, 'READY', me)).toEqual({
      who,
      did: 'did this',
      at: PLACED + MINUTE,
    });
  });

  test('with something else is told what that was', () => {
    expect(conflictOf(timeline('CANCELLED'), { revision: 1 }, 'READY')?.did).toBe('was first: Status changed');
  });

  test('with the same confirmation did this', () => {
    const items = [{ ...event, eventType: 'PizzaOrderConfirmed', revision: 1, actor: 'anna', details: {} } as const];
    expect(conflictOf(items, { revision: 0 }, 'CONFIRMED')?.did).toBe('did this');
  });

  test('is nobody when nothing came after what the card shows', () => {
    expect(conflictOf(timeline('READY'), { revision: 3 }, 'DELIVERED')).toBeUndefined();
  });
});

test.each([
  [{ added: 0, late: [], cancelled: [] }, ''],
  [{ added: 1, late: [], cancelled: [] }, '1 new order.'],
  [{ added: 3, late: ['4F2A'], cancelled: [] }, '3 new orders. Order 4F2A is late.'],
  [{ added: 0, late: ['1', '2', '3', '4'], cancelled: ['5'] }, '4 orders are late. Order 5 is cancelled.'],
])('what has happened, %j, is spoken in short', (happened, words) => {
  expect(spoken(happened)).toBe(words);
});
