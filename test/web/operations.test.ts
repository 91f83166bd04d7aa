import { describe, expect, test } from 'vitest';
import { filterOf, toAuditQuery } from '../../web/pages/operations/audit-filter.ts';
import {
  applyChange,
  differenceWords,
  hasEnded,
  NOTHING_KNOWN,
  orderOf,
  type ReadModel,
  rebuildKey,
  troubles,
  verifiedWords,
} from '../../web/pages/operations/state.ts';
import { traceUrl } from '../../web/ui/trace-url.ts';

const UP = { eventStore: 'up', readModels: 'up', projection: 'consuming' } as const;

function readModel(fields: Partial<ReadModel> = {}): ReadModel {
  return {
    name: 'orders',
    state: 'consuming',
    position: 1,
    head: 1,
    lag: { events: 0, seconds: 0 },
    inFlight: 0,
    retried: 0,
    parked: 0,
    stalled: 0,
    lastError: null,
    rebuild: null,
    ...fields,
  };
}

function rebuild(fields: Partial<NonNullable<ReadModel['rebuild']>> = {}): Pick<ReadModel, 'rebuild'> {
  const startedAt = '2026-01-01T00:00:00.000Z';
  return {
    rebuild: { state: 'running', events: 0, percent: 0, startedAt, finishedAt: null, error: null, ...fields },
  };
}

describe('what the operations’ stream tells', () => {
  test('the state of the read models, told and then not to be told, is kept and said to be old', () => {
    const first = applyChange(NOTHING_KNOWN, { event: 'projection', data: { checks: UP, items: [readModel()] } });
    expect(first).toEqual({ checks: UP, items: [readModel()], isTold: true });
    const checks = { ...UP, readModels: 'down' };
    expect(applyChange(first, { event: 'projection', data: { checks, items: null } })).toEqual({
      checks,
      items: [readModel()],
      isTold: false,
    });
  });

  test('the number of parked events is taken, and unknown events are not', () => {
    const parked = applyChange(NOTHING_KNOWN, { event: 'parked', data: { total: 3 } });
    expect(parked).toEqual({ isTold: false, parked: 3 });
    expect(applyChange(parked, { event: 'order', data: { total: 4 } })).toBe(parked);
  });
});

describe('troubles', () => {
  const state = { checks: UP, items: [readModel()], isTold: true, parked: 0 };

  test('of a service that does well are none, also while a read model is rebuilt', () => {
    expect(troubles(state)).toEqual([]);
    expect(troubles({ ...state, items: [readModel({ state: 'rebuilding', ...rebuild() })] })).toEqual([]);
    expect(troubles({ ...state, items: [readModel({ lag: { events: 1000, seconds: 10 } })] })).toEqual([]);
  });

  test.each([
    ['a store is away', { ...state, checks: { ...UP, eventStore: 'down' as const } }, /event store is away/],
    ['the other one is', { ...state, checks: { ...UP, readModels: 'down' as const } }, /read models’ store is away/],
    ['nobody follows', { ...state, items: [readModel({ state: 'stopped' })] }, /Standing still: Orders/],
    ['many events wait', { ...state, items: [readModel({ lag: { events: 1001, seconds: 1 } })] }, /Behind.*Orders/],
    ['an event waits long', { ...state, items: [readModel({ lag: { events: 1, seconds: 11 } })] }, /Behind.*Orders/],
    ['a rebuild failed', { ...state, items: [readModel(rebuild({ state: 'failed' }))] }, /Rebuild.*Orders/],
    ['an event is parked', { ...state, parked: 1 }, /One event is parked/],
    ['some are', { ...state, parked: 2 }, /2 events are parked/],
  ])('are told when %s', (_, troubled, expected) => {
    expect(troubles(troubled)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('a rebuild that was asked for', () => {
  const done = rebuild({ state: 'done', finishedAt: '2026-01-01T00:01:00.000Z' });

  test('has not ended while the news is still of the one before, nor while it runs', () => {
    expect(hasEnded({ rebuild: null }, rebuildKey({ rebuild: null }))).toBe(false);
    expect(hasEnded(done, rebuildKey(done))).toBe(false);
    expect(hasEnded(rebuild(), rebuildKey(done))).toBe(false);
  });

  test('has ended, seen running or not, when it is done, failed or interrupted', () => {
    const again = rebuild({ state: 'done', startedAt: '2026-01-02T00:00:00.000Z', finishedAt: '2026-01-02T00:00:01Z' });
    expect(hasEnded(again, rebuildKey(done))).toBe(true);
    expect(hasEnded(rebuild({ state: 'failed' }), rebuildKey({ rebuild: null }))).toBe(true);
    const interrupted = rebuild({ state: 'interrupted' });
    expect(hasEnded(interrupted, rebuildKey(interrupted))).toBe(false);
    expect(hasEnded(interrupted, '')).toBe(true);
  });
});

describe('a verification in words', () => {
  const result = { name: 'orders' as const, checked: 1200, differences: 0, listed: [], repaired: 0, behind: null };

  test.each([
    [{}, '1200 documents were compared with the log, and none differs.'],
    [{ differences: 1 }, '1 of 1200 documents differs from the log.'],
    [{ differences: 2, repaired: 2 }, '2 of 1200 documents differ from the log. All were repaired.'],
    [{ differences: 2, repaired: 1 }, '2 of 1200 documents differ from the log. 1 was repaired.'],
    [
      { behind: { documents: 3, events: 7, position: 1, head: 2 } },
      '1200 documents were compared with the log, and none differs. 3 could not be judged: 7 events are not yet projected.',
    ],
  ])('says %j', (fields, expected) => {
    expect(verifiedWords({ ...result, ...fields }, String)).toBe(expected);
  });

  test('a difference names its fields', () => {
    expect(differenceWords({ kind: 'different', fields: ['status', 'items'] })).toBe('differs in status, items');
    expect(differenceWords({ kind: 'missing', fields: [] })).toBe('is missing');
  });
});

describe('the audit’s address', () => {
  test('gives the fields that are filled, and no others', () => {
    const query = new URLSearchParams('actor=anna&type=&orderId=%20x%20&cursor=abc&revision=3');
    expect(filterOf(query)).toEqual({ actor: 'anna', orderId: 'x' });
  });

  test('its days, in a zone, become times with all of the last day', () => {
    expect(toAuditQuery({ actor: 'anna', from: '2026-07-01', to: '2026-07-01' }, 'Europe/Rome')).toEqual({
      actor: 'anna',
      from: '2026-06-30T22:00:00.000Z',
      to: '2026-07-01T22:00:00.000Z',
    });
  });

  test('its times, given as such by another page, stay as they are', () => {
    expect(toAuditQuery({ from: '2026-07-01T10:00:00Z' }, 'Europe/Rome')).toEqual({ from: '2026-07-01T10:00:00Z' });
  });
});

describe('links', () => {
  test('of a parked event lead to its order, if its stream is of one', () => {
    const id = '935d8f8f-ac68-5c6c-a8e5-2c6dad83af30';
    expect(orderOf(`test-PizzaOrder-${id}`)).toBe(id);
    expect(orderOf(`PizzaOrder-${id}`)).toBe(id);
    expect(orderOf(`Customer-${id}`)).toBeUndefined();
    expect(orderOf('PizzaOrder-x')).toBeUndefined();
  });

  test('to a trace are made only where both its id and its place are known', () => {
    expect(traceUrl('https://traces.test/{traceId}?x', 'ab12')).toBe('https://traces.test/ab12?x');
    expect(traceUrl(undefined, 'ab12')).toBeUndefined();
    expect(traceUrl('https://traces.test/{traceId}', null)).toBeUndefined();
  });
});
