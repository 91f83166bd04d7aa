import { InvalidOrderError } from '../domain/errors.ts';
import type { ImportFiles } from './files.ts';
import { type Origin, type HistoricalOrder, placeOrder } from './historical-order.ts';
import { type PriceList, readEach, readPriceList } from './price-list.ts';
import { BadLineError, type Reading, type Report } from './problem.ts';
import { DETAIL_COLUMNS, ORDER_COLUMNS, parseDetail, parsePlacedAt, parseText, quote, wholeNumber } from './rows.ts';
import { type BrokenRow, fieldsOf, type Row } from './table.ts';

/** What an import is going to write: every order checked by the domain, and not one that is partly wrong. */
export interface ImportPlan {
  readonly orders: readonly HistoricalOrder[];
  readonly priceList: PriceList;
  readonly problems: number;
  readonly skippedOrders: number;
}

interface Draft {
  readonly order: HistoricalOrder & { readonly items: HistoricalOrder['items'][number][] };
  readonly line: number;
  isBad: boolean;
}

interface Drafts {
  readonly byNumber: Map<string, Draft>;
  /** Numbers of orders whose own line is bad: they are skipped, and so are their details. */
  readonly badNumbers: Set<string>;
  /** What bad lines are taken for: the numbers that they begin with, and how many have none. */
  readonly skipped: Set<string>;
  unnamed: number;
}

const MOST_LINES = 100;
/** Files tell the time of some zone, which is read as UTC. */
const AHEAD_MS = 24 * 60 * 60_000;

/**
 * Reads and checks the four files. What is wrong with a line is reported; an order that the line belongs to, or may
 * belong to, is left out as a whole, since one with a line missing would be a wrong order.
 *
 * @throws InputError when a file cannot be used at all; an AbortError
 */
export async function planImport(files: ImportFiles, origin: Origin, { report, signal }: Reading): Promise<ImportPlan> {
  let problems = 0;
  const count: Report = (problem) => {
    problems += 1;
    report(problem);
  };
  const reading = { report: count, signal };
  const priceList = await readPriceList(files, reading);
  const drafts = await readOrders(files.orders, reading);
  await readDetails(files.details, drafts, priceList, reading);
  const orders = checkOrders(files.orders, drafts, origin, count);
  const numbers = new Set([...drafts.byNumber.keys(), ...drafts.skipped]);
  const skippedOrders = numbers.size + drafts.unnamed - orders.length;
  return { orders, priceList, problems, skippedOrders };
}

async function readOrders(file: string, reading: Reading): Promise<Drafts> {
  const drafts: Drafts = { byNumber: new Map(), badNumbers: new Set(), skipped: new Set(), unnamed: 0 };
  const { byNumber, badNumbers } = drafts;
  const latest = Date.now() + AHEAD_MS;
  const take = (values: Row<(typeof ORDER_COLUMNS)[number]>['values'], line: number) => {
    const number = parseText(wholeNumber(values.order_id), 'order_id');
    if (byNumber.has(number)) throw new BadLineError(`order_id ${quote(number)} is in the file twice`);
    const placedAt = parsePlacedAt(values);
    if (Date.parse(placedAt) > latest) throw new BadLineError(`${values.date} ${values.time} is in the future`);
    byNumber.set(number, { order: { number, placedAt, items: [] }, line, isBad: false });
  };
  await readEach(file, ORDER_COLUMNS, reading, take, (row) => {
    const numbers = numbersIn(row);
    for (const number of numbers) badNumbers.add(number);
    const [number] = numbers;
    if (number === undefined) drafts.unnamed += 1;
    else drafts.skipped.add(number);
    return `; ${theOrderIsSkipped(numbers.slice(0, 1))}`;
  });
  for (const number of badNumbers) {
    const draft = byNumber.get(number);
    if (draft) draft.isBad = true;
  }
  return drafts;
}

async function readDetails(
  file: string,
  { byNumber, badNumbers }: Drafts,
  priceList: PriceList,
  reading: Reading,
): Promise<void> {
  const seen = new Set<string>();
  const take = (values: Row<(typeof DETAIL_COLUMNS)[number]>['values']) => {
    const { detailId, orderId, sku, quantity } = parseDetail(values);
    const draft = byNumber.get(orderId);
    if (!draft && badNumbers.has(orderId)) return;
    if (!draft) throw new BadLineError(`there is no order ${quote(orderId)}`);
    if (seen.has(detailId)) throw new BadLineError(`order_details_id ${quote(detailId)} is in the file twice`);
    seen.add(detailId);
    const pizza = priceList.get(sku);
    if (!pizza) throw new BadLineError(`unknown pizza ${quote(sku)}`);
    if (draft.order.items.length === MOST_LINES) throw new BadLineError(`an order has at most ${MOST_LINES} lines`);
    draft.order.items.push({ pizza, quantity });
  };
  await readEach(file, DETAIL_COLUMNS, reading, take, (row) => {
    const touched = numbersIn(row).flatMap((number) => byNumber.get(number) ?? []);
    for (const draft of touched) draft.isBad = true;
    return touched.length === 0 ? '' : `; ${theOrderIsSkipped(touched.map(({ order }) => order.number))}`;
  });
}

/** Places every order once and throws the result away: what the domain refuses is known before anything is written. */
function checkOrders(file: string, { byNumber }: Drafts, origin: Origin, report: Report): HistoricalOrder[] {
  const orders: HistoricalOrder[] = [];
  for (const { order, line, isBad } of byNumber.values()) {
    if (isBad) continue;
    try {
      placeOrder(order, origin);
      orders.push(order);
    } catch (error) {
      if (!(error instanceof InvalidOrderError)) throw error;
      const why = order.items.length === 0 ? 'has no details' : `is refused: ${error.message}`;
      report({ file, line, message: `order ${quote(order.number)} ${why}; ${theOrderIsSkipped([])}` });
    }
  }
  return orders;
}

function numbersIn(row: Row<'order_id'> | BrokenRow<'order_id'>): readonly string[] {
  return [...new Set(fieldsOf(row, 'order_id').map(wholeNumber))].filter((number) => number !== '');
}

function theOrderIsSkipped(numbers: readonly string[]): string {
  if (numbers.length > 1) return `the orders ${numbers.map(quote).join(' and ')} are skipped`;
  const [number] = numbers;
  return number === undefined ? 'it is skipped' : `order ${quote(number)} is skipped`;
}
