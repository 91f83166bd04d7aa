import { describe, expect, it } from 'vitest';
import { type Caller, commandContext, newOrderId, newRefundId } from '../../src/commands/idempotency.ts';
import { Trace } from '../../src/tracing/trace.ts';

const NOW = new Date('2026-05-01T18:30:00.123Z');
const CALLER: Caller = { requestId: 'r-1', correlationId: 'c-1', actor: 'anna' };
const KEYED: Caller = { ...CALLER, idempotencyKey: 'order-0001' };
const ORDER = '0196b3f5-6f0c-7d0e-9a53-0a3f6f6f3c11';

describe('newOrderId', () => {
  it('is a UUID of version 7 that begins with the time, without a key', () => {
    const id = newOrderId({}, NOW);
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toBe(NOW.getTime());
    expect(newOrderId({}, NOW)).not.toBe(id);
    expect(newOrderId({ id: 'anna' }, NOW)).not.toBe(newOrderId({ id: 'anna' }, NOW));
  });

  // Orders are in the log under these ids: a repeated request that finds another one places a second order.
  it.each([
    [{ idempotencyKey: 'order-0001' }, '935d8f8f-ac68-5c6c-a8e5-2c6dad83af30'],
    [{ idempotencyKey: 'order-0002' }, 'cb51010e-85f5-5040-b88b-15156918f3dc'],
    [{ id: 'anna', idempotencyKey: 'order-0001' }, 'bf3a4184-633e-5af8-8d76-ba2088e10948'],
    [{ id: 'luca', idempotencyKey: 'order-0001' }, '7b7a921a-19af-5811-a6d7-a803573ed978'],
  ])('is for ever the same for %j', (caller, id) => {
    expect(newOrderId(caller, NOW)).toBe(id);
    expect(newOrderId(caller, new Date(0))).toBe(id);
  });
});

describe('commandContext', () => {
  it('has a new id each time, without a key', () => {
    const first = commandContext(CALLER, 'place', ORDER, {});
    const second = commandContext(CALLER, 'place', ORDER, {});
    expect(first.commandId).not.toBe(second.commandId);
    expect(first).toEqual({ commandId: first.commandId, correlationId: 'c-1', actor: 'anna', trace: undefined });
  });

  // They are in the log: ids made in another way let a repeated request through a second time.
  it('is for ever the same, with a key', () => {
    const request = { items: [{ sku: 'margherita', quantity: 2 }], note: null };
    expect(commandContext(KEYED, 'place', ORDER, request)).toEqual({
      commandId: 'cda8ab1f-87d4-5a40-956d-ce895d9c39b8',
      correlationId: 'c-1',
      actor: 'anna',
      idempotencyKey: 'order-0001',
      requestHash: 'Li_4OI6-oPs6GmNoXx0X6wI_Xram5Zlyn29I7Yyc7zw',
      trace: undefined,
    });
    expect(commandContext({ ...KEYED, id: 'anna' }, 'place', ORDER, request)).toEqual({
      commandId: '13acd5a4-6d9b-5eb4-adef-e73230bd905b',
      correlationId: 'c-1',
      actor: 'anna',
      idempotencyKey: 'order-0001',
      requestHash: 'Li_4OI6-oPs6GmNoXx0X6wI_Xram5Zlyn29I7Yyc7zw',
      trace: undefined,
      caller: 'anna',
    });
  });

  it('is the same for a request with its names in another order, at any depth', () => {
    const given = commandContext(KEYED, 'place', ORDER, { a: 1, b: { c: [{ d: 2, e: 3 }], f: null }, g: 'h' });
    const turned = commandContext(KEYED, 'place', ORDER, { g: 'h', b: { f: null, c: [{ e: 3, d: 2 }] }, a: 1 });
    expect(turned).toEqual(given);
  });

  it.each<[string, Parameters<typeof commandContext>]>([
    ['command', [KEYED, 'confirm', ORDER, { items: ['a', 'b'] }]],
    ['order', [KEYED, 'place', '0196b3f5-6f0c-7d0e-9a53-0a3f6f6f3c12', { items: ['a', 'b'] }]],
    ['order of a list', [KEYED, 'place', ORDER, { items: ['b', 'a'] }]],
    ['list of another shape', [KEYED, 'place', ORDER, { items: { 0: 'a', 1: 'b' } }]],
    ['value', [KEYED, 'place', ORDER, { items: ['a', 'c'] }]],
  ])('is another one for another %s', (_, [caller, name, subject, request]) => {
    const given = commandContext(KEYED, 'place', ORDER, { items: ['a', 'b'] });
    const other = commandContext(caller, name, subject, request);
    expect(other.commandId).not.toBe(given.commandId);
    expect(other.requestHash).not.toBe(given.requestHash);
  });

  it.each<[string, Caller]>([
    ['key', { ...KEYED, idempotencyKey: 'order-0002' }],
    ['caller', { ...KEYED, id: 'luca' }],
  ])('has another id for another %s, and the same hash', (_, caller) => {
    const given = commandContext({ ...KEYED, id: 'anna' }, 'place', ORDER, {});
    const other = commandContext({ id: 'anna', ...caller }, 'place', ORDER, {});
    expect(other.commandId).not.toBe(given.commandId);
    expect(other.requestHash).toBe(given.requestHash);
  });

  it('keeps the trace, with and without a key', () => {
    const trace = new Trace();
    expect(commandContext(CALLER, 'place', ORDER, {}, trace).trace).toBe(trace);
    expect(commandContext(KEYED, 'place', ORDER, {}, trace).trace).toBe(trace);
  });
});

describe('newRefundId', () => {
  it('is for ever the same for an order and a cause', () => {
    expect(newRefundId(ORDER, 'order-0001')).toBe('08c9ab8f-0f63-5f84-84bf-55db03fa06cd');
    expect(newRefundId(ORDER, 'order-0002')).not.toBe(newRefundId(ORDER, 'order-0001'));
  });
});
