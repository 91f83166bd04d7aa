import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredEvent } from '../../src/eventstoredb/codec.ts';
import { createAnalyticsQueries, type PeriodFigures } from '../../src/read-models/analytics/queries.ts';
import { connectMongo } from '../../src/read-models/database.ts';
import { type Database, openDatabase } from '../../src/read-models/collections.ts';
import type { CustomerDocument } from '../../src/read-models/customers/document.ts';
import { customerFields, type OrderDocument, toFields } from '../../src/read-models/orders/document.ts';
import { READ_MODEL_NAMES } from '../../src/read-models/index.ts';
import type { RefundDocument } from '../../src/read-models/refunds/document.ts';
import type { VerifyResult } from '../../src/read-models/findings.ts';
import { type LogContents, markOf } from './history.ts';
import type { LoadedCommand } from './load.ts';
import type { ServiceProcess } from './world.ts';

const FIGURES_TIME_LIMIT_MS = 20_000;

/** What callers were told that the log does not bear out, a sentence each. */
export interface Promises {
  /** Acknowledged, and not in the log where the answer said. */
  readonly lost: readonly string[];
  /** In the log more than once. */
  readonly duplicated: readonly string[];
  /** Refused, and in the log all the same. */
  readonly contradicted: readonly string[];
}

export function checkPromises(log: LogContents, commands: readonly LoadedCommand[]): Promises {
  const byMark = new Map<string, StoredEvent[]>();
  const byKey = new Map<string, StoredEvent[]>();
  /** By command, of the last event that it raised. */
  const lastRevision = new Map<string | undefined, number>();
  for (const stored of log.events) {
    const mark = markOf(stored);
    if (mark !== undefined) byMark.set(mark, [...(byMark.get(mark) ?? []), stored]);
    const { idempotencyKey: key, $causationId } = stored.metadata;
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), stored]);
    lastRevision.set($causationId, stored.revision);
  }
  /** A command raises at most one event of a type. */
  const isTwice = (events: readonly StoredEvent[]) =>
    new Set(events.map(({ event }) => event.type)).size < events.length;
  const lost: string[] = [];
  const duplicated: string[] = [];
  const contradicted: string[] = [];
  for (const { command, settled } of commands) {
    const { mark, kind, key } = command;
    const events = byMark.get(mark) ?? [];
    if (events.length > 1 || (key !== undefined && isTwice(byKey.get(key) ?? []))) {
      duplicated.push(`${kind} ${mark}: ${events.map(({ stream, revision }) => `${stream}@${revision}`).join(', ')}`);
    }
    if (settled.type === 'refused' && events.length > 0) contradicted.push(`${kind} ${mark}`);
    if (settled.type !== 'acknowledged') continue;
    const { subject, revision, status } = settled;
    const isThere = events.some(
      ({ stream, metadata }) => stream.endsWith(`-${subject}`) && lastRevision.get(metadata.$causationId) === revision,
    );
    // The status that the order had already: nothing to store, but it must have been the status at that revision.
    const isNothing =
      kind === 'status' &&
      events.length === 0 &&
      status === command.body['status'] &&
      log.orders.get(subject)?.states[revision]?.status === status;
    if (!isThere && !isNothing) lost.push(`${kind} ${mark}: answered ${subject} at ${revision}`);
  }
  return { lost, duplicated, contradicted };
}

/**
 * Compares the read models with the fold of the log, and again until they are the same or time is up, since they
 * follow it.
 *
 * @returns what differs, a line for each document
 */
export async function checkReadModels(
  log: LogContents,
  mongoUrl: string,
  databaseName = 'mario_pizzeria',
  deadlineMs = 45_000,
): Promise<string[]> {
  const client = connectMongo(mongoUrl);
  const database = openDatabase(client, databaseName);
  const end = performance.now() + deadlineMs;
  try {
    for (;;) {
      const differing = await compare(log, database);
      if (differing.length === 0 || performance.now() > end) return differing;
      await delay(100);
    }
  } finally {
    await client.close();
  }
}

async function compare(
  log: LogContents,
  { db, orders, customers, menu, audit, refunds }: Omit<Database, 'projections'>,
): Promise<string[]> {
  const figures = await createAnalyticsQueries({ db }, FIGURES_TIME_LIMIT_MS).period(
    new Date(0),
    new Date('2100-01-01'),
  );
  const wantedOrders = [...log.orders.values()].flatMap(({ orderId, states, events }): OrderDocument[] => {
    const state = states.at(-1);
    if (!state) return [];
    const contact = customerFields(state.customerEmail, log.customers.get(state.customerId));
    return [{ _id: orderId, revision: events.length - 1, ...toFields(state), ...contact }];
  });
  const wantedCustomers: CustomerDocument[] = [...log.customers.values()];
  const written = new Set((await audit.find({}).project<{ _id: string }>({ _id: 1 }).toArray()).map(({ _id }) => _id));
  const wantedAudit = [...log.orders.values()].flatMap(({ events }) => events.map(({ id }) => id));
  return [
    ...differences('order', wantedOrders, await orders.find({}).toArray()),
    ...differences('customer', wantedCustomers, await customers.find({}).toArray()),
    ...differences('menu item', [...log.menu.values()], await menu.find({}).toArray()),
    ...wantedAudit.filter((id) => !written.has(id)).map((id) => `audit ${id}: missing`),
    ...(written.size > wantedAudit.length ? [`audit: ${written.size} documents for ${wantedAudit.length} events`] : []),
    ...differences('refund', wantedOrders.flatMap(refundsOf), await refunds.find({}).toArray()),
    ...compareFigures(wantedOrders, figures),
  ];
}

function differences<Document extends { readonly _id: string }>(
  what: string,
  wanted: readonly Document[],
  found: readonly Document[],
): string[] {
  const byId = new Map(found.map((document) => [document._id, document]));
  const known = new Set(wanted.map(({ _id }) => _id));
  return [
    ...wanted.flatMap((document) => {
      const actual = byId.get(document._id);
      if (!actual) return [`${what} ${document._id}: missing`];
      const fields = new Set([...Object.keys(document), ...Object.keys(actual)]) as Set<keyof Document & string>;
      const differing = [...fields].filter((field) => !isDeepStrictEqual(document[field], actual[field]));
      return differing.map(
        (field) =>
          `${what} ${document._id}: ${field} is ${JSON.stringify(actual[field])}, not ${JSON.stringify(document[field])}`,
      );
    }),
    ...found.filter(({ _id }) => !known.has(_id)).map(({ _id }) => `${what} ${_id}: not in the log`),
  ];
}

function refundsOf({ _id: orderId, refunds = [] }: OrderDocument): RefundDocument[] {
  return refunds.map(({ refundId, completedAt, transactionId, ...same }) => ({
    _id: refundId,
    orderId,
    ...same,
    ...(completedAt && { completedAt }),
    ...(transactionId !== null && { transactionId }),
  }));
}

function compareFigures(orders: readonly OrderDocument[], { days, refundedMinor }: PeriodFigures): string[] {
  const sum = <T>(values: readonly T[], of: (value: T) => number) =>
    values.reduce((total, value) => total + of(value), 0);
  const pairs = {
    orders: [orders.length, sum(days, (day) => day.orders)],
    confirmed: [orders.filter(({ confirmedAt }) => confirmedAt !== null).length, sum(days, (day) => day.confirmed)],
    cancelled: [orders.filter(({ status }) => status === 'CANCELLED').length, sum(days, (day) => day.cancelled)],
    refundedMinor: [sum(orders.flatMap(completedOf), ({ amountMinor }) => amountMinor), refundedMinor],
    revenueMinor: [sum(orders, (order) => order.totalMinor), sum(days, (day) => day.revenueMinor)],
    quantity: [sum(orders, (order) => order.quantity), sum(days, (day) => day.quantity)],
  };
  return Object.entries(pairs).flatMap(([name, [wanted, found]]) =>
    wanted === found ? [] : [`analytics: ${name} is ${found ?? ''}, not ${wanted ?? ''}`],
  );
}

function completedOf({ refunds = [] }: OrderDocument) {
  return refunds.filter(({ status }) => status === 'COMPLETED');
}

/**
 * Asks the service itself: `POST /admin/projections/{name}/verify` of every read model.
 *
 * @returns what it lists, a line for each document, and read models of which it has looked at too few
 */
export async function verifyReadModels(log: LogContents, service: ServiceProcess | undefined): Promise<string[]> {
  if (!service) throw new Error('no service to ask');
  const orders = log.orders.size;
  const fewest: Record<string, number> = {
    orders,
    customers: log.customers.size,
    menu_items: log.menu.size,
    audit: orders,
    refunds: [...log.orders.values()].flatMap(({ states }) => states.at(-1)?.refunds ?? []).length,
    analytics: orders > 0 ? 1 : 0,
  };
  const lines: string[] = [];
  for (const name of READ_MODEL_NAMES) {
    const response = await fetch(service.url(`/admin/projections/${name}/verify`), { method: 'POST' });
    const body = await response.text();
    if (!response.ok) throw new Error(`${service.name} can't verify ${name}: ${response.status} ${body}`);
    const { checked, differences, listed, behind } = JSON.parse(body) as VerifyResult;
    const least = fewest[name] ?? 0;
    if (checked < least) lines.push(`verify ${name}: looked at ${checked} of ${least} or more documents`);
    if (behind) lines.push(`verify ${name}: stands still, ${JSON.stringify(behind)}`);
    if (differences > 0) lines.push(`verify ${name}: ${differences} differences, ${JSON.stringify(listed)}`);
  }
  return lines;
}
