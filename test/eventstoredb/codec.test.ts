import { Buffer } from 'node:buffer';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORDER_STATUSES } from '../../src/domain/events.ts';
import { CUSTOMER, type DomainEvent, MENU_ITEM, ORDER, streamSuffix } from '../../src/eventstoredb/aggregates.ts';
import {
  currentVersion,
  decodeEvent,
  decodeEventOf,
  encodeEvent,
  type EventMetadata,
  isOf,
  validationError,
} from '../../src/eventstoredb/codec.ts';
import { UnreadableEventError } from '../../src/eventstoredb/errors.ts';
import { eventSchemas, type EventTypeName } from '../../src/eventstoredb/event-schemas.ts';
import { UNKNOWN_EMAIL, upcasters } from '../../src/eventstoredb/upcasters.ts';
import { address, item, money, text, timestamp } from '../domain/arbitraries.ts';
import { confirmed, ORDER_ID, paid, placed, statusChanged } from '../domain/examples.ts';
import { CREATED, recorded, storedAs } from './recorded.ts';

type EventOf<Type extends EventTypeName> = Extract<DomainEvent, { readonly type: Type }>;

const orderId = fc.uuid();
const status = fc.constantFrom(...ORDER_STATUSES);
const longText = fc.string({ unit: 'grapheme', maxLength: 30 });
const plain = { noNullPrototype: true } as const;

const menuItem = {
  sku: text,
  name: text,
  category: text,
  size: text,
  price: money,
  ingredients: fc.array(text, { maxLength: 3 }),
};
const menuKeys = ['sku', 'name', 'category', 'price', 'ingredients'] as const;

/** The data of every event, optional fields now there and now not. */
const dataOf: { readonly [Type in EventTypeName]: Arbitrary<EventOf<Type>['data']> } = {
  PizzaOrderPlaced: fc.record(
    {
      orderId,
      customerId: text,
      customerEmail: text,
      items: fc.array(item, { minLength: 1, maxLength: 5 }),
      totalAmount: money,
      currency: fc.constantFrom('USD', 'EUR'),
      deliveryAddress: address,
      placedAt: timestamp,
    },
    { requiredKeys: ['orderId', 'customerId', 'items', 'totalAmount', 'currency', 'placedAt'], ...plain },
  ),
  PizzaOrderConfirmed: fc.record(
    { orderId, estimatedDeliveryTime: timestamp, kitchenNotes: longText, confirmedBy: text, confirmedAt: timestamp },
    { requiredKeys: ['orderId', 'estimatedDeliveryTime', 'kitchenNotes', 'confirmedAt'], ...plain },
  ),
  PaymentProcessed: fc.record(
    { orderId, paymentMethod: text, amount: money, transactionId: text, processedAt: timestamp },
    plain,
  ),
  OrderStatusChanged: fc.record(
    { orderId, previousStatus: status, newStatus: status, reason: longText, changedAt: timestamp },
    { requiredKeys: ['orderId', 'previousStatus', 'newStatus', 'changedAt'], ...plain },
  ),
  DiscountApplied: fc.record(
    {
      orderId,
      discountCode: text,
      originalTotal: money,
      discountAmount: money,
      newTotal: money,
      appliedAt: timestamp,
    },
    plain,
  ),
  DeliveryAddressChanged: fc.record(
    { orderId, oldAddress: fc.option(address), newAddress: address, changedAt: timestamp },
    plain,
  ),
  OrderCancelled: fc.record(
    { orderId, previousStatus: status, reasonCode: text, reason: longText, cancelledAt: timestamp },
    { requiredKeys: ['orderId', 'previousStatus', 'reason', 'cancelledAt'], ...plain },
  ),
  RefundRequested: fc.record(
    { orderId, refundId: fc.uuid(), amount: money, reason: longText, requestedAt: timestamp },
    plain,
  ),
  RefundCompleted: fc.record(
    { orderId, refundId: fc.uuid(), amount: money, transactionId: text, completedAt: timestamp },
    plain,
  ),
  RefundFailed: fc.record(
    { orderId, refundId: fc.uuid(), reason: longText, final: fc.boolean(), failedAt: timestamp },
    plain,
  ),
  LatePaymentReceived: fc.record(
    { orderId, paymentMethod: text, amount: money, transactionId: text, receivedAt: timestamp },
    plain,
  ),
  CustomerRegistered: fc.record(
    { customerId: text, name: text, email: text, phone: text, registeredAt: timestamp },
    { requiredKeys: ['customerId', 'name', 'email', 'registeredAt'], ...plain },
  ),
  CustomerDetailsChanged: fc.record(
    { customerId: text, name: text, email: text, phone: text, changedAt: timestamp },
    { requiredKeys: ['customerId', 'name', 'email', 'changedAt'], ...plain },
  ),
  MenuItemAdded: fc.record({ ...menuItem, addedAt: timestamp }, { requiredKeys: [...menuKeys, 'addedAt'], ...plain }),
  MenuItemChanged: fc.record(
    { ...menuItem, changedAt: timestamp },
    { requiredKeys: [...menuKeys, 'changedAt'], ...plain },
  ),
  MenuItemWithdrawn: fc.record(
    { ...menuItem, withdrawnAt: timestamp },
    { requiredKeys: [...menuKeys, 'withdrawnAt'], ...plain },
  ),
};

const types = Object.keys(eventSchemas) as EventTypeName[];
const eventOf = (type: EventTypeName): Arbitrary<DomainEvent> =>
  (dataOf[type] as Arbitrary<DomainEvent['data']>).map((data) => ({ type, data }) as DomainEvent);
const anyEvent = fc.constantFrom(...types).chain(eventOf);
const streamOf = (event: DomainEvent) => streamSuffix(event) ?? '';

const metadata: Omit<EventMetadata, 'schemaVersion'> = {
  $correlationId: 'request-1',
  $causationId: 'command-1',
  actor: 'luigi',
};
const anyMetadata: Arbitrary<Omit<EventMetadata, 'schemaVersion'>> = fc.record(
  { $correlationId: text, $causationId: text, actor: text, idempotencyKey: text, requestHash: text },
  { requiredKeys: ['$correlationId', '$causationId', 'actor'], ...plain },
);
const id = '11111111-1111-4111-8111-111111111111';
const stream = `PizzaOrder-${ORDER_ID}`;

describe('encodeEvent', () => {
  it.each(types)('states the newest version, of %s, in the metadata, as JSON with the given id', (type) => {
    fc.assert(
      fc.property(eventOf(type), (event) => {
        const proposed = encodeEvent(event, id, metadata);
        expect(proposed).toMatchObject({ id, type });
        expect(JSON.parse(proposed.data)).toEqual(event.data);
        expect(JSON.parse(proposed.metadata)).toEqual({ ...metadata, schemaVersion: eventSchemas[type].length });
      }),
      { numRuns: 20 },
    );
  });

  it.each<[string, DomainEvent, RegExp]>([
    [
      'an amount with three decimals',
      { ...paid, data: { ...paid.data, amount: '1.234' } },
      /^PaymentProcessed v1 breaks its own schema: data\/amount/,
    ],
    [
      'a time that is none',
      { ...paid, data: { ...paid.data, processedAt: '2026-02-30T00:00:00Z' } },
      /^PaymentProcessed v1 breaks its own schema: data\/processedAt/,
    ],
    [
      'an id that is no UUID',
      { ...placed, data: { ...placed.data, orderId: 'order-1' } },
      /^PizzaOrderPlaced v2 breaks its own schema: data\/orderId/,
    ],
    [
      'no items',
      { ...placed, data: { ...placed.data, items: [] } },
      /^PizzaOrderPlaced v2 breaks its own schema: data\/items/,
    ],
  ])('refuses an event, with %s, before it is stored', (_, event, message) => {
    expect(() => encodeEvent(event, id, metadata)).toThrow(TypeError);
    expect(() => encodeEvent(event, id, metadata)).toThrow(message);
  });
});

describe('encode and decode', () => {
  it.each(types)('give back the event, for any %s, with its metadata and place', (type) => {
    fc.assert(
      fc.property(eventOf(type), anyMetadata, fc.nat(), (event, given, revision) => {
        const stored = decodeEvent(storedAs(encodeEvent(event, id, given), streamOf(event), revision));
        expect(stored).toStrictEqual({
          id,
          stream: streamOf(event),
          revision,
          recordedAt: CREATED,
          event,
          metadata: { ...given, schemaVersion: currentVersion(type) },
        });
      }),
      { numRuns: 60 },
    );
  });

  it('work, in a stream with a prefix before its name, as without', () => {
    const stored = decodeEvent(storedAs(encodeEvent(placed, id, metadata), `test-7-${stream}`));
    expect(stored.event).toEqual(placed);
  });

  it('let properties through, that the schema does not name, so that readers survive an added one', () => {
    const data = { ...paid.data, tip: '2.00' };
    const stored = decodeEvent(recorded({ type: paid.type, stream, data, metadata: { schemaVersion: 1 } }));
    expect(stored.event.data).toEqual(data);
  });
});

describe('versions', () => {
  it.each(types)('have an upcaster, from each but the newest of %s, and none too many', (type) => {
    expect(upcasters[type]?.length ?? 0).toBe(eventSchemas[type].length - 1);
    expect(currentVersion(type)).toBe(eventSchemas[type].length);
  });

  it('are taken for 1, when the metadata has none, whatever else it has', () => {
    for (const stored of [undefined, {}, { actor: 'luigi' }, Buffer.from('{}'), []]) {
      const { event } = decodeEvent(recorded({ type: confirmed.type, stream, data: confirmed.data, metadata: stored }));
      expect(event).toEqual(confirmed);
    }
  });

  it('are lifted, from PizzaOrderPlaced v1 with any data, to the unknown email and nothing else', () => {
    fc.assert(
      fc.property(dataOf.PizzaOrderPlaced, fc.boolean(), (data, isStated) => {
        const v1: Partial<EventOf<'PizzaOrderPlaced'>['data']> = { ...data };
        delete (v1 as { customerEmail?: string }).customerEmail;
        const { event } = decodeEvent(
          recorded({
            type: 'PizzaOrderPlaced',
            stream: `PizzaOrder-${data.orderId}`,
            data: v1,
            metadata: isStated ? { schemaVersion: 1 } : {},
          }),
        );
        expect(UNKNOWN_EMAIL).toBe('unknown@example.com');
        expect(event).toStrictEqual({
          type: 'PizzaOrderPlaced',
          data: { ...v1, customerEmail: 'unknown@example.com' },
        });
        expect(validationError('PizzaOrderPlaced', 2, event.data)).toBeUndefined();
        expect(v1).not.toHaveProperty('customerEmail');
      }),
      { numRuns: 60 },
    );
  });

  it('are not lifted, from PizzaOrderPlaced v2 without an email, to anything', () => {
    const { orderId, customerId, items, totalAmount, currency, placedAt } = placed.data;
    const data = { orderId, customerId, items, totalAmount, currency, placedAt };
    const { event } = decodeEvent(recorded({ type: placed.type, stream, data, metadata: { schemaVersion: 2 } }));
    expect(event.data).toStrictEqual(data);
  });
});

describe('an event that cannot be read', () => {
  const readable = { type: 'PaymentProcessed', stream, data: paid.data as unknown, metadata: { schemaVersion: 1 } };
  const without = (field: keyof typeof paid.data) =>
    Object.fromEntries(Object.entries(paid.data).filter(([name]) => name !== field));

  it.each<[string, Partial<Parameters<typeof recorded>[0]>, string]>([
    ['an unknown type', { type: 'PizzaEaten' }, 'unknown event type'],
    ['the name of a property of every object as its type', { type: 'constructor' }, 'unknown event type'],
    ['a newer version', { metadata: { schemaVersion: 2 } }, 'newer than this service, which knows versions up to 1'],
    ['version 0', { metadata: { schemaVersion: 0 } }, 'not a version'],
    ['version -1', { metadata: { schemaVersion: -1 } }, 'not a version'],
    ['version 1.5', { metadata: { schemaVersion: 1.5 } }, 'not a version'],
    ['version NaN', { metadata: { schemaVersion: 'one' } }, 'not a version'],
    ['version Infinity', { metadata: { schemaVersion: Infinity } }, 'not a version'],
    ['version null', { metadata: { schemaVersion: null } }, 'not a version'],
    ['an object as version', { metadata: { schemaVersion: {} } }, 'not a version'],
    ['bytes for JSON', { isJson: false, data: Buffer.from(JSON.stringify(paid.data)) }, 'not stored as JSON'],
    ['a missing field', { data: without('amount') }, "data must have required property 'amount'"],
    ['a field of another type', { data: { ...paid.data, amount: 25 } }, 'data/amount must be string'],
    ['an amount that is none', { data: { ...paid.data, amount: '1e3' } }, 'data/amount must match pattern'],
    [
      'a time that is none',
      { data: { ...paid.data, processedAt: '2026-02-30T00:00:00Z' } },
      'data/processedAt must match format "date-time"',
    ],
    ['text for data', { data: 'paid' }, 'data must be object'],
    ['null for data', { data: null }, 'data must be object'],
    ['a list for data', { data: [] }, 'data must be object'],
    [
      'another order in its data',
      { stream: 'PizzaOrder-8c5c9f0e-7a2c-4a08-9d7b-6a3d1f3b2c10' },
      'its data name another stream',
    ],
    ['a stream of customers', { stream: `Customer-${paid.data.orderId}` }, 'its data name another stream'],
    ['a version that is true', { metadata: { schemaVersion: true } }, 'not a version'],
    [
      'a version that is no number at all',
      { metadata: { schemaVersion: { valueOf: 1, toString: 1 } } },
      'not a version',
    ],
  ])('throws UnreadableEventError, with %s, and says where and why', (_, change, why) => {
    expect(decodeEvent(recorded(readable)).event).toEqual(paid);
    const broken = { ...readable, revision: 7, ...change };
    expect(() => decodeEvent(recorded(broken))).toThrow(UnreadableEventError);
    expect(() => decodeEvent(recorded(broken))).toThrow(why);
    expect(() => decodeEvent(recorded(broken))).toThrow(` at revision 7 of ${broken.stream}: `);
  });

  it('names type, version, revision and stream, when the version is newer, for the log', () => {
    expect(() => decodeEvent(recorded({ ...readable, revision: 41, metadata: { schemaVersion: 9 } }))).toThrow(
      new UnreadableEventError(
        `PaymentProcessed v9 at revision 41 of ${stream}: newer than this service, which knows versions up to 1`,
      ),
    );
  });

  it('throws, for any event without one of its required fields, and never gives a part', () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), (event, seed) => {
        const required: readonly string[] = eventSchemas[event.type].at(-1)?.required ?? [];
        const gone = required[seed % required.length];
        const data = Object.fromEntries(Object.entries(event.data).filter(([name]) => name !== gone));
        const schemaVersion = currentVersion(event.type);
        expect(() =>
          decodeEvent(recorded({ type: event.type, stream: streamOf(event), data, metadata: { schemaVersion } })),
        ).toThrow(UnreadableEventError);
      }),
      { numRuns: 200 },
    );
  });

  it('throws UnreadableEventError or gives an event of that type, for any data, and nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.anything(), fc.anything(), (type, data, stored) => {
        try {
          expect(decodeEvent(recorded({ type, stream, data, metadata: stored })).event.type).toBe(type);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableEventError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('metadata', () => {
  const read = (stored: unknown) =>
    decodeEvent(recorded({ type: confirmed.type, stream, data: confirmed.data, metadata: stored })).metadata;

  it.each([
    ['none', undefined],
    ['null', null],
    ['text', 'luigi'],
    ['bytes', Buffer.from('{"actor":"luigi"}')],
    ['a plain array of bytes', new Uint8Array([1, 2, 3])],
    ['an empty list', []],
  ])('are empty, given %s, rather than an error', (_, stored) => {
    expect(read(stored)).toEqual({});
  });

  it('leave out what has the wrong type, in any field, and keep the rest', () => {
    expect(
      read({
        $correlationId: 1,
        $causationId: null,
        actor: ['luigi'],
        idempotencyKey: {},
        requestHash: 'hash',
        $by: 'somebody',
        schemaVersion: 1,
      }),
    ).toStrictEqual({ requestHash: 'hash', schemaVersion: 1 });
  });
});

describe('the kind of an event', () => {
  it('is exactly one of order, customer and menu item, for any event, by its type', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const stored = decodeEvent(storedAs(encodeEvent(event, id, metadata), streamOf(event)));
        expect(isOf(CUSTOMER, stored)).toBe(event.type.startsWith('Customer'));
        expect(isOf(MENU_ITEM, stored)).toBe(event.type.startsWith('MenuItem'));
        expect(isOf(ORDER, stored)).toBe(!isOf(CUSTOMER, stored) && !isOf(MENU_ITEM, stored));
      }),
      { numRuns: 60 },
    );
  });

  it('is an order event, from decodeEventOf, in the stream of an order', () => {
    const event = statusChanged('PENDING', 'READY');
    expect(decodeEventOf(ORDER, storedAs(encodeEvent(event, id, metadata), stream)).event).toEqual(event);
  });

  it('is refused, by decodeEventOf, when a customer has that id', () => {
    const event: DomainEvent = {
      type: 'CustomerRegistered',
      data: { customerId: ORDER_ID, name: 'Luigi', email: 'luigi@example.com', registeredAt: '2026-03-01T18:00:00Z' },
    };
    const stored = storedAs(encodeEvent(event, id, metadata), stream);
    expect(() => decodeEventOf(ORDER, stored)).toThrow('its data name another stream');
  });
});

describe('validationError', () => {
  it('says that there is no schema, for a version that does not exist, rather than that all is well', () => {
    expect(validationError('PaymentProcessed', 2, paid.data)).toBe('no schema for PaymentProcessed v2');
    expect(validationError('PaymentProcessed', 0, paid.data)).toBe('no schema for PaymentProcessed v0');
  });

  it('takes PizzaOrderPlaced, with an email of the wrong type, for right in v1 and wrong in v2', () => {
    const data = { ...placed.data, customerEmail: 42 };
    expect(validationError('PizzaOrderPlaced', 1, data)).toBeUndefined();
    expect(validationError('PizzaOrderPlaced', 2, data)).toBe('data/customerEmail must be string');
  });
});
