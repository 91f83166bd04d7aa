import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newRefundId } from '../../src/commands/idempotency.ts';
import type { Refund } from '../../src/http/schemas/refunds.ts';
import { checkReadModels } from '../drills/check.ts';
import { readyAfter } from '../drills/drill.ts';
import { readHistory } from '../drills/history.ts';
import { createWorld, type ServiceProcess, type World } from '../drills/world.ts';
import { type Answer, startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { type Caller, createCaller, pizza } from './caller.ts';
import type { Static } from 'typebox';

interface OrderBody {
  readonly id: string;
  readonly revision: number;
  readonly refunds: readonly Static<typeof Refund>[];
}

describe('any history of payments, cancellations and refunds', () => {
  type Kind = 'pay' | 'status' | 'confirm' | 'cancel' | 'refund' | 'complete' | 'fail';
  interface Step {
    readonly kind: Kind;
    /** Cents; undefined: all that is left. */
    readonly cents: number | undefined;
    /** Which of the refunds seen so far. */
    readonly refund: number;
    readonly final: boolean;
    readonly status: string;
    /** Whether the first answer is lost, so that the caller asks the other instance again. */
    readonly isLost: boolean;
  }
  const kinds: readonly Kind[] = ['pay', 'pay', 'status', 'confirm', 'cancel', 'refund', 'refund', 'complete', 'fail'];
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom(...kinds),
    cents: fc.option(fc.integer({ min: 0, max: 2600 }), { nil: undefined, freq: 4 }),
    refund: fc.nat({ max: 5 }),
    final: fc.boolean(),
    status: fc.constantFrom('READY', 'OUT_FOR_DELIVERY', 'DELIVERED', 'CANCELLED'),
    isLost: fc.boolean(),
  });
  const callers = fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 4 });

  let instances: readonly [TestService, TestService];
  beforeAll(async () => {
    const first = await startTestService();
    instances = [first, await startTestService({ like: first })];
  });
  afterAll(async () => {
    await instances[1].close();
    await instances[0].close();
  });

  test('by several callers at once, with lost answers, gives every cent back once, and read models equal the fold', async () => {
    await fc.assert(
      fc.asyncProperty(callers, async (histories) => {
        const placed = await instances[0].post('/orders', pizza());
        const { id } = placed.body as OrderBody;
        const seen: string[] = [];
        await Promise.all(histories.map((steps, caller) => play(id, steps, caller, seen)));
      }),
      { numRuns: 25 },
    );
    const { streamPrefix, mongoDatabase } = instances[0].config;
    const log = await readHistory(inject('eventStoreUrl'), streamPrefix);
    expect(log.impossible).toEqual([]);
    expect(new Set(log.events.map(({ event }) => event.type)).size).toBe(9);
    expect(await checkReadModels(log, inject('mongoUrl'), mongoDatabase)).toEqual([]);
  }, 120_000);

  async function play(id: string, steps: readonly Step[], caller: number, seen: string[]): Promise<void> {
    for (const [index, each] of steps.entries()) {
      const { path, body } = requestOf(each, seen);
      const headers = { 'idempotency-key': randomUUID() };
      const send = (turn: number) => {
        const instance = instances[(caller + turn) % 2] ?? instances[0];
        return instance.post(`/orders/${id}/${path}`, body, headers);
      };
      const answer = await send(index);
      expect([200, 201, 404, 409]).toContain(answer.status);
      if (each.isLost) expectRepeated(each.kind, answer, await send(index + 1));
      for (const { refundId } of (answer.body as Partial<OrderBody>).refunds ?? []) seen.push(refundId);
    }
  }

  function requestOf({ kind, cents, refund, final, status }: Step, seen: readonly string[]) {
    const refundId = seen[refund % Math.max(1, seen.length)] ?? randomUUID();
    switch (kind) {
      case 'pay':
        return { path: 'payment', body: { paymentMethod: 'cash', transactionId: `t-${refund}` } };
      case 'status':
        return { path: 'status', body: { status } };
      case 'confirm':
        return { path: 'confirm', body: { estimatedDeliveryTime: '2030-01-01T18:30:00Z' } };
      case 'cancel':
        return { path: 'cancel', body: { reason: 'no more dough' } };
      case 'refund': {
        const amount = cents === undefined ? {} : { amount: (cents / 100).toFixed(2) };
        return { path: 'refunds', body: { ...amount, reason: 'cold' } };
      }
      case 'complete':
        return { path: `refunds/${refundId}/complete`, body: { transactionId: `re-${refundId}` } };
      case 'fail':
        return { path: `refunds/${refundId}/fail`, body: { reason: 'closed', final } };
    }
  }

  /** What stored nothing is decided anew; what stored something is answered as before. */
  function expectRepeated(kind: Kind, first: Answer, again: Answer): void {
    if (first.status >= 300 || kind === 'pay' || kind === 'status' || kind === 'complete') return;
    expect(essence(again)).toEqual(essence(first));
  }

  function essence({ status, headers, body }: Answer) {
    return { status, etag: headers['etag'], location: headers['location'], body: body as unknown };
  }
});

describe('a refund, its service or its store killed', () => {
  let world: World;
  let service: ServiceProcess;
  let caller: Caller;
  beforeAll(async () => {
    world = await createWorld();
    [service] = world.services as [ServiceProcess];
    caller = createCaller((path) => service.url(path));
    expect(await readyAfter(service, 20_000)).toBeDefined();
  });
  afterAll(async () => {
    caller.close();
    await world.close();
  });

  /** A command under way, on an order of its own. */
  interface Prepared {
    readonly orderId: string;
    readonly path: string;
    readonly body: object;
    readonly key: string;
    readonly status: number;
    /** Revision of the order before the command. */
    readonly revision: number;
    readonly events: number;
  }

  const payment = { paymentMethod: 'cash', transactionId: 't-1' };

  async function prepared(): Promise<Prepared[]> {
    const on = async (path: string, body: object, before: readonly (readonly [string, object])[], events: number) => {
      const placed = (await caller.post('/orders', pizza())).body as OrderBody;
      let order = placed;
      for (const [action, given] of before) {
        const answer = await caller.post(`/orders/${placed.id}/${action}`, given);
        expect(answer.status).toBeLessThan(300);
        order = answer.body as OrderBody;
      }
      const refund = order.refunds[0]?.refundId ?? '';
      return {
        orderId: placed.id,
        path: `/orders/${placed.id}/${path.replace(':refund', refund)}`,
        body,
        key: randomUUID(),
        status: path === 'refunds' ? 201 : 200,
        revision: order.revision,
        events,
      };
    };
    const reason = { reason: 'cold' };
    return Promise.all([
      on('cancel', reason, [['payment', payment]], 2),
      on('status', { status: 'CANCELLED' }, [['payment', payment]], 2),
      on('payment', payment, [['cancel', reason]], 2),
      on('refunds', { ...reason, amount: '5.00' }, [['payment', payment]], 1),
      on(
        'refunds/:refund/complete',
        { transactionId: 're-1' },
        [
          ['payment', payment],
          ['refunds', reason],
        ],
        1,
      ),
      on(
        'refunds/:refund/fail',
        { ...reason, final: true },
        [
          ['payment', payment],
          ['refunds', reason],
        ],
        1,
      ),
    ]);
  }

  const send = ({ path, body, key }: Prepared) => caller.post(path, body, { 'idempotency-key': key });
  const eventsOf = async ({ orderId }: Prepared) =>
    (await readHistory(world.eventStoreUrl())).orders.get(orderId)?.events ?? [];
  const areStored = async (all: readonly Prepared[]) => {
    const { orders } = await readHistory(world.eventStoreUrl());
    return all.every(({ orderId, revision, events }) => orders.get(orderId)?.events.length === revision + 1 + events);
  };
  const restarted = async () => {
    await service.start();
    expect(await readyAfter(service, 20_000)).toBeDefined();
  };

  const steps: readonly (readonly [string, (all: readonly Prepared[]) => Promise<void>])[] = [
    [
      'before the append reaches the store',
      async (all) => {
        const { proxy } = world.eventStore;
        const passed = proxy.passed();
        proxy.set({ type: 'half-open' });
        const answers = Promise.allSettled(all.map(send));
        await until('it is sent', () => proxy.passed() > passed);
        await service.kill();
        proxy.set({ type: 'none' });
        await answers;
        await restarted();
      },
    ],
    [
      'between the append and the store’s answer',
      async (all) => {
        const { proxy } = world.eventStore;
        proxy.set({ type: 'hold-answers' });
        const answers = Promise.allSettled(all.map(send));
        await until('it is stored', () => areStored(all));
        await service.kill();
        proxy.set({ type: 'none' });
        await answers;
        await restarted();
      },
    ],
    [
      'after the answer, which is lost',
      async (all) => {
        await Promise.all(all.map(send));
        await service.kill();
        await restarted();
      },
    ],
    [
      'before the read models are written',
      async (all) => {
        const { proxy } = world.mongo;
        proxy.set({ type: 'hold-answers' });
        await Promise.all(all.map(send));
        await service.kill();
        proxy.set({ type: 'none' });
        await restarted();
      },
    ],
    [
      'together with the store, which had taken the append',
      async (all) => {
        const { proxy } = world.eventStore;
        proxy.set({ type: 'hold-answers' });
        const answers = Promise.allSettled(all.map(send));
        await until('it is stored', () => areStored(all));
        await Promise.all([service.kill(), world.eventStore.kill()]);
        proxy.set({ type: 'none' });
        await answers;
        await world.eventStore.start();
        await restarted();
      },
    ],
  ];

  test.each(steps)('%s, and asked for again with its key, is the same refund, once', async (_, kill) => {
    const all = await prepared();
    await kill(all);
    for (const command of all) {
      const answer = await send(command);
      expect(answer.status).toBe(command.status);
      const again = await send(command);
      expect([again.status, again.etag, again.body]).toEqual([answer.status, answer.etag, answer.body]);
      const events = (await eventsOf(command)).slice(command.revision + 1);
      expect(events).toHaveLength(command.events);
      expect((answer.body as OrderBody).revision).toBe(command.revision + command.events);
      for (const { event } of events) {
        if (event.type !== 'RefundRequested') continue;
        expect(event.data.refundId).toBe(newRefundId(command.orderId, command.key));
      }
    }
    const log = await readHistory(world.eventStoreUrl());
    expect(log.impossible).toEqual([]);
    expect(await checkReadModels(log, world.mongoUrl())).toEqual([]);
  });
});
