import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { createCustomerCommands } from '../src/commands/customer-commands.ts';
import { createOrderCommands, type OrderAtRevision } from '../src/commands/order-commands.ts';
import type { Config } from '../src/config.ts';
import { CUSTOMER, ORDER } from '../src/eventstoredb/aggregates.ts';
import { isUnavailable } from '../src/eventstoredb/errors.ts';
import { EventSourcingRepository } from '../src/eventstoredb/repository.ts';
import { createStreamStore } from '../src/eventstoredb/streams.ts';
import { importMenu } from '../src/import/import-menu.ts';
import type { PriceList } from '../src/import/price-list.ts';
import { createRetry } from '../src/import/retry.ts';
import { forEachOf } from '../src/read-models/batches.ts';
import { joinStores } from '../src/stores.ts';
import { STORE_TIME_LIMIT_MS } from '../src/time-limit.ts';
import { GUESTS, orderOf } from './guests.ts';
import { chance, nextStep } from './story.ts';

export interface PastOptions {
  readonly config: Config;
  readonly priceList: PriceList;
  /** Orders of the days before today's rush, and how many days. */
  readonly orders: number;
  readonly days: number;
  /** How long a minute of the pizzeria takes in the rush, and how many orders come in a minute of ours. */
  readonly minuteMs: number;
  readonly ordersPerMinute: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
/** As long as an order takes from the guest to the guest. */
const RUSH_MINUTES = 50;
const CONCURRENT = 32;

/**
 * Makes orders of the past, by the same commands as today's but at another time: weeks of finished ones, and those
 * that are in the kitchen now.
 *
 * @returns how many
 */
export async function makePast(options: PastOptions): Promise<number> {
  const { config, priceList, signal, log } = options;
  const stores = await joinStores(config, log);
  try {
    const { streamPrefix, currency } = config;
    const streams = createStreamStore({ client: stores.eventStore, streamPrefix, timeLimitMs: STORE_TIME_LIMIT_MS });
    const retry = createRetry({ patienceMs: 0, signal, isUnavailable, onAway: () => undefined });
    await importMenu(priceList, { streams, correlationId: randomUUID(), retry, signal, log });

    const now = Date.now();
    const opened = new Date(now - (options.days + 1) * DAY_MS);
    const customers = createCustomerCommands({
      repository: new EventSourcingRepository(CUSTOMER, { streams, log }),
      clock: () => opened,
      log,
    });
    for (const { customerId, name } of GUESTS) {
      await customers.setDetails(customerId, { name, email: `${customerId}@example.com` }, callerOf(customerId));
    }

    const orders = new EventSourcingRepository(ORDER, { streams, log });
    const skus = [...priceList.keys()];
    const finished = timesOf(options.orders, options.days, now - RUSH_MINUTES * MINUTE_MS);
    const rush = timesOfRush(now, options);
    const planned = [
      ...finished.map((placedAt) => ({ placedAt, minuteMs: MINUTE_MS })),
      ...rush.map((placedAt) => ({ placedAt, minuteMs: options.minuteMs })),
    ];
    await forEachOf([...planned.entries()], CONCURRENT, async ([number, { placedAt, minuteMs }]) => {
      signal.throwIfAborted();
      let at = placedAt;
      const commands = createOrderCommands({
        repository: orders,
        menu: { pricesOf: (wanted) => Promise.resolve(new Map(wanted.flatMap((sku) => priceOf(priceList, sku)))) },
        currency,
        clock: () => new Date(at),
        log,
      });
      const request = orderOf(`past ${number}`, skus);
      const { customerId } = request;
      // The key makes its id, and so its story, the same in every past.
      let order = await commands.place(request, { ...callerOf(customerId), idempotencyKey: `past-${number}` });
      for (let step = stepOf(order); step && at + step.afterMs < now; step = stepOf(order)) {
        at += step.afterMs;
        const caller = callerOf(step.by === 'guest' ? customerId : step.by);
        order = await commands.run(order.state.id, step.command(at), caller);
      }

      function stepOf({ state, revision }: OrderAtRevision) {
        return nextStep({ ...state, revision }, minuteMs);
      }
    });
    return planned.length;
  } finally {
    await stores.close();
  }
}

function callerOf(actor: string) {
  return { requestId: randomUUID(), correlationId: randomUUID(), actor };
}

function priceOf(priceList: PriceList, sku: string) {
  const pizza = priceList.get(sku);
  return pizza ? [[sku, { name: pizza.name, unitPrice: pizza.unitPrice }] as const] : [];
}

/** When orders were placed: around noon and in the evening, more at the weekend, and more from week to week. */
function timesOf(orders: number, days: number, before: number): number[] {
  const midnight = Math.floor(before / DAY_MS) * DAY_MS;
  const times: number[] = [];
  for (let draw = 0; times.length < orders; draw += 1) {
    const luck = (what: string) => chance(`time ${draw} ${what}`);
    const day = Math.floor(luck('day') * (days + 1));
    const hour = 11 + luck('hour') * 12;
    const at = midnight - day * DAY_MS + hour * 60 * MINUTE_MS;
    const weekday = new Date(at).getUTCDay();
    const busy = Math.exp(-(((hour - 12.8) / 1) ** 2)) * 0.6 + Math.exp(-(((hour - 19.5) / 1.6) ** 2));
    const liked = (weekday === 0 || weekday > 4 ? 1 : 0.55) * (1 - (0.5 * day) / (days + 1));
    if (at < before && luck('comes') < busy * liked) times.push(at);
  }
  return times.sort((one, other) => one - other);
}

function timesOfRush(now: number, { minuteMs, ordersPerMinute }: PastOptions): number[] {
  const between = MINUTE_MS / ordersPerMinute;
  const orders = Math.floor((RUSH_MINUTES * minuteMs) / between);
  return Array.from({ length: orders }, (_, back) => now - (back + chance(`rush ${back}`)) * between).reverse();
}
