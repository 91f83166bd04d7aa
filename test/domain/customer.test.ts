import { describe, expect, it } from 'vitest';
import {
  type CustomerDetailsChanged,
  type CustomerEvent,
  type CustomerRegistered,
  type CustomerState,
  evolveCustomer,
  setCustomerDetails,
} from '../../src/domain/customer.ts';
import { deepFreeze } from './given.ts';

const REGISTERED_AT = '2026-03-01T10:00:00.000Z';
const CHANGED_AT = '2026-03-02T10:00:00.000Z';
const luigi = deepFreeze({ name: 'Luigi', email: 'luigi@example.com', phone: '+39 081 1234' });
const withoutPhone = deepFreeze({ name: luigi.name, email: luigi.email });
const registered: CustomerRegistered = deepFreeze({
  type: 'CustomerRegistered',
  data: { customerId: 'customer-1', ...luigi, registeredAt: REGISTERED_AT },
});
const changed: CustomerDetailsChanged = deepFreeze({
  type: 'CustomerDetailsChanged',
  data: { customerId: 'customer-1', ...withoutPhone, name: 'Luigi Verdi', changedAt: CHANGED_AT },
});
const state: CustomerState = deepFreeze({
  id: 'customer-1',
  ...luigi,
  registeredAt: REGISTERED_AT,
  lastUpdated: REGISTERED_AT,
});

describe('evolveCustomer', () => {
  it('makes the customer, from CustomerRegistered, with the details', () => {
    expect(evolveCustomer(undefined, registered)).toStrictEqual(state);
  });

  it('has null for the phone, when the event has none', () => {
    const event: CustomerEvent = {
      type: 'CustomerRegistered',
      data: { customerId: 'customer-1', ...withoutPhone, registeredAt: REGISTERED_AT },
    };
    expect(evolveCustomer(undefined, event)).toStrictEqual({ ...state, phone: null });
  });

  it('replaces all details, on CustomerDetailsChanged, a phone that is gone included', () => {
    expect(evolveCustomer(state, changed)).toStrictEqual({
      ...state,
      name: 'Luigi Verdi',
      phone: null,
      lastUpdated: CHANGED_AT,
    });
  });

  it.each([
    [
      'registration',
      'as a later event',
      state,
      registered,
      'CustomerRegistered can only be the first event of a customer',
    ],
    [
      'a change',
      'as the first event',
      undefined,
      changed,
      'CustomerDetailsChanged cannot be the first event of a customer',
    ],
  ])('refuses %s, %s, with what is wrong', (_, __, before, event, message) => {
    expect(() => evolveCustomer(before, event)).toThrow(new TypeError(message));
  });

  it('refuses an event, of a type that it does not know, rather than ignoring it', () => {
    const foreign = { type: 'CustomerFed', data: {} } as unknown as CustomerEvent;
    expect(() => evolveCustomer(state, foreign)).toThrow(TypeError);
  });
});

describe('setCustomerDetails', () => {
  it('raises CustomerRegistered, for a customer not known yet, with the details', () => {
    expect(setCustomerDetails(undefined, 'customer-1', luigi, REGISTERED_AT)).toStrictEqual([registered]);
  });

  it('raises CustomerDetailsChanged, for a known customer, with all of the new details', () => {
    expect(
      setCustomerDetails(state, 'customer-1', { name: 'Luigi Verdi', email: luigi.email }, CHANGED_AT),
    ).toStrictEqual([changed]);
  });

  it.each([
    ['name', { ...luigi, name: 'Peach' }],
    ['email', { ...luigi, email: 'l@example.com' }],
    ['phone', { ...luigi, phone: '+39 081 9999' }],
    ['absence of a phone', withoutPhone],
  ])('raises a change, when only the %s differs, as that is a change', (_, details) => {
    expect(setCustomerDetails(state, 'customer-1', details, CHANGED_AT)).toStrictEqual([
      { type: 'CustomerDetailsChanged', data: { customerId: 'customer-1', ...details, changedAt: CHANGED_AT } },
    ]);
  });

  it('raises nothing, for the present details again, as nothing changes', () => {
    expect(setCustomerDetails(state, 'customer-1', { ...luigi }, CHANGED_AT)).toEqual([]);
    expect(setCustomerDetails({ ...state, phone: null }, 'customer-1', withoutPhone, CHANGED_AT)).toEqual([]);
  });
});
