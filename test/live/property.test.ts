import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { plainOrderJson } from '../../src/http/routes/order-json.ts';
import { createParser } from '../../web/live-client.ts';
import { history } from '../domain/arbitraries.ts';
import { projectionOptions } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { listen } from '../support/streams.ts';
import { until } from '../support/until.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

/** Events of several orders, in the order in which they are appended. */
const log = fc.array(history, { minLength: 1, maxLength: 5 }).chain((histories) => {
  const turns = histories.flatMap((events, index) => events.map(() => index));
  return fc.shuffledSubarray(turns, { minLength: turns.length }).map((shuffled) => {
    const orders = histories.map((events) => withId(events, randomUUID()));
    return shuffled.map((index) => orders[index]?.shift()).filter((event) => event !== undefined);
  });
});
const instance = fc.nat({ max: 1 });
/** Where to connect to, and after how many bytes the connection is cut. */
const cuts = fc.array(fc.record({ instance, bytes: fc.nat({ max: 3000 }) }), { maxLength: 12 });

function withId(events: readonly PizzaOrderEvent[], orderId: string): PizzaOrderEvent[] {
  return events.map((event) => ({ ...event, data: { ...event.data, orderId } }) as PizzaOrderEvent);
}

interface Seen {
  readonly card: { readonly id: string; readonly revision: number; readonly status: string };
}

test('a board and a stream after it, cut at any byte and resumed on any instance, are the fold of the log', async () => {
  const { streams } = projectionOptions(service);
  await fc.assert(
    fc.asyncProperty(log, fc.nat({ max: 20 }), instance, cuts, async (events, before, reader, connections) => {
      const revisions = new Map<string, number>();
      const append = async (some: readonly PizzaOrderEvent[]) => {
        for (const event of some) {
          const { orderId } = event.data;
          const last = revisions.get(orderId) ?? -1;
          const context = { commandId: randomUUID(), correlationId: 'c', actor: 'anna' };
          await streams.append(streams.streamOf('PizzaOrder', orderId), last, [event], context);
          revisions.set(orderId, last + 1);
        }
      };
      await append(events.slice(0, before));
      // One instance has followed the log for long; the other one has just been started, and must read it.
      const other = await startTestService({ like: service });
      const bases = await Promise.all([listen(service.app), listen(other.app)]);

      // The read models lag behind: nobody waits for them.
      const { body } = await (reader === 0 ? service : other).get('/kitchen/board');
      const board = new Map((body.orders as Seen['card'][]).map((card) => [card.id, card]));
      const onBoard = new Map([...board].map(([id, { revision }]) => [id, revision]));
      const shown = new Map(onBoard);
      /** Orders that were over before, and need not be on the board: their revisions then. */
      const leftBefore = new Map(
        [...fold(events.slice(0, before))].flatMap(([id, state]) =>
          isOver(state) ? [[id, revisions.get(id) ?? -1]] : [],
        ),
      );
      const applied: string[] = [];
      const apply = ({ card }: Seen) => {
        if (card.revision <= (shown.get(card.id) ?? -1)) return;
        shown.set(card.id, card.revision);
        applied.push(`${card.id} ${card.revision}`);
        if (card.status === 'DELIVERED' || card.status === 'CANCELLED') board.delete(card.id);
        else board.set(card.id, card);
      };

      const appended = append(events.slice(before));
      let position = body.asOf as string;
      for (const { instance: at, bytes } of connections) {
        position = await readStream(bases[at] ?? '', position, bytes, apply, () => false);
      }
      await appended;
      const isDone = () => [...revisions].every(([id, last]) => (shown.get(id) ?? leftBefore.get(id)) === last);
      await readStream(bases[reader] ?? '', position, Number.POSITIVE_INFINITY, apply, isDone);

      expect(new Set(applied).size).toBe(applied.length);
      for (const [id, state] of fold(events)) {
        const revision = revisions.get(id) ?? -1;
        expect(board.get(id)).toEqual(isOver(state) ? undefined : wholeCard({ state, revision }));
        // Each revision that the board did not have, once and in order.
        const seen = applied.filter((one) => one.startsWith(id)).map((one) => Number(one.split(' ')[1]));
        const first = onBoard.has(id) || !leftBefore.has(id) ? (onBoard.get(id) ?? -1) + 1 : revision + 1 - seen.length;
        expect(first).toBeLessThanOrEqual((leftBefore.get(id) ?? revision) + 1);
        expect(seen).toEqual(Array.from({ length: revision + 1 - first }, (_, index) => first + index));
      }
      await other.close();
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);

function fold(events: readonly PizzaOrderEvent[]): Map<string, OrderState> {
  const states = new Map<string, OrderState>();
  for (const event of events) states.set(event.data.orderId, evolve(states.get(event.data.orderId), event));
  return states;
}

function isOver({ status }: OrderState): boolean {
  return status === 'DELIVERED' || status === 'CANCELLED';
}

function wholeCard(order: { readonly state: OrderState; readonly revision: number }): object {
  const { customerEmail, discountCodes, confirmedAt, paidAt, ...card } = plainOrderJson(order) as ReturnType<
    typeof plainOrderJson
  > &
    Pick<OrderState, 'customerEmail' | 'discountCodes' | 'confirmedAt' | 'paidAt'>;
  return JSON.parse(JSON.stringify(card)) as object;
}

/**
 * Reads the stream after a position, to the byte at which it is cut or until all was seen.
 *
 * @returns the id of the last whole event
 */
async function readStream(
  base: string,
  after: string,
  cutAfter: number,
  apply: (seen: Seen) => void,
  isDone: () => boolean,
): Promise<string> {
  let position = after;
  let left = cutAfter;
  let isCut = false;
  const parse = createParser();
  const request = get(`${base}/stream/kitchen`, { headers: { 'last-event-id': after }, agent: false }, (response) => {
    response.on('data', (chunk: Buffer) => {
      if (isCut) return;
      for (const { id, event, data } of parse(chunk.subarray(0, left))) {
        if (event === 'reset') throw new Error(`reset: ${JSON.stringify(data)}`);
        position = id ?? position;
        if (event === 'order') apply(data as unknown as Seen);
      }
      left -= chunk.length;
      isCut = left <= 0;
    });
    response.on('error', () => undefined); // cut here
  });
  request.on('error', () => undefined);
  // Nothing may be left to come, however many bytes the connection would have lived for.
  const patience = cutAfter === Number.POSITIVE_INFINITY ? undefined : performance.now() + 100;
  await until(
    'the stream is read',
    () => isCut || isDone() || performance.now() > (patience ?? Number.POSITIVE_INFINITY),
  );
  isCut = true;
  request.destroy();
  return position;
}
