import { printable } from '../cli/printable.ts';
import { Decimal, formatMoney, parseMoney } from '../domain/money.ts';
import { parseTimestamp } from '../domain/time.ts';
import { BadLineError } from './problem.ts';

/** The columns of the four files. */
export const ORDER_COLUMNS = ['order_id', 'date', 'time'] as const;
export const DETAIL_COLUMNS = ['order_details_id', 'order_id', 'pizza_id', 'quantity'] as const;
export const PIZZA_COLUMNS = ['pizza_id', 'pizza_type_id', 'size', 'price'] as const;
export const TYPE_COLUMNS = ['pizza_type_id', 'name', 'category', 'ingredients'] as const;

type Values<Columns extends readonly string[]> = Readonly<Record<Columns[number], string>>;

export interface PizzaType {
  readonly name: string;
  readonly category: string;
  readonly ingredients: readonly string[];
}

export interface PizzaRow {
  readonly sku: string;
  readonly typeId: string;
  readonly size: string | null;
  /** Two decimals. */
  readonly unitPrice: string;
}

export interface DetailRow {
  readonly detailId: string;
  readonly orderId: string;
  readonly sku: string;
  readonly quantity: number;
}

/** The limits of the HTTP API, so that an imported order is one that could have been placed. */
const MOST_CHARACTERS = 200;
const MOST_PIECES = 1000;
const HIGHEST_PRICE = new Decimal(10_000);

/**
 * A line of text: not of blanks alone, no control characters, which nobody means, and no lone surrogates, which BSON
 * would change.
 */
const LINE = /^(?=.*\S)[^\p{Cc}\p{Cs}]+$/u;
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;

/**
 * @returns RFC 3339 in UTC with milliseconds
 * @throws BadLineError
 */
export function parsePlacedAt({ date, time }: Values<['date', 'time']>): string {
  const placedAt = CLOCK_TIME.test(time) ? parseTimestamp(`${date}T${time}Z`) : undefined;
  if (placedAt === undefined) {
    throw new BadLineError(`no date and time: ${quote(date)} ${quote(time)} (expected 2015-01-31 and 18:30:00)`);
  }
  return new Date(placedAt).toISOString();
}

/** @throws BadLineError */
export function parseDetail(values: Values<typeof DETAIL_COLUMNS>): DetailRow {
  return {
    detailId: parseText(wholeNumber(values.order_details_id), 'order_details_id'),
    orderId: parseText(wholeNumber(values.order_id), 'order_id'),
    sku: parseText(values.pizza_id, 'pizza_id'),
    quantity: parseQuantity(wholeNumber(values.quantity)),
  };
}

/** @throws BadLineError */
export function parsePizza(values: Values<typeof PIZZA_COLUMNS>): PizzaRow {
  return {
    sku: parseText(values.pizza_id, 'pizza_id'),
    typeId: parseText(values.pizza_type_id, 'pizza_type_id'),
    size: values.size === '' ? null : parseText(values.size, 'size'),
    unitPrice: parsePrice(values.price),
  };
}

/** @throws BadLineError */
export function parseType(values: Values<typeof TYPE_COLUMNS>): PizzaType & { readonly typeId: string } {
  const ingredients = values.ingredients.split(',').map((ingredient) => ingredient.trim());
  return {
    typeId: parseText(values.pizza_type_id, 'pizza_type_id'),
    name: parseText(values.name, 'name'),
    category: parseText(values.category, 'category'),
    ingredients: ingredients
      .filter((ingredient) => ingredient !== '')
      .map((ingredient) => parseText(ingredient, 'ingredient')),
  };
}

/**
 * A name or an id.
 *
 * @throws BadLineError
 */
export function parseText(text: string, what: string): string {
  if (text === '') throw new BadLineError(`no ${what}`);
  if (text.length > MOST_CHARACTERS) throw new BadLineError(`${what} has more than ${MOST_CHARACTERS} characters`);
  if (!LINE.test(text)) throw new BadLineError(`${what} has characters that are not text: ${quote(text)}`);
  return text;
}

/** Spreadsheets and data frames write 1 as `1.0`. */
export function wholeNumber(text: string): string {
  return text.replace(/^(\d+)\.0+$/, '$1');
}

function parseQuantity(text: string): number {
  const quantity = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (quantity < 1 || quantity > MOST_PIECES) {
    throw new BadLineError(`quantity must be a whole number from 1 to ${MOST_PIECES}, not ${quote(text)}`);
  }
  return quantity;
}

function parsePrice(text: string): string {
  try {
    const price = parseMoney(text.replace(/^(\d+\.\d\d)0+$/, '$1'));
    if (price.lessThanOrEqualTo(HIGHEST_PRICE)) return formatMoney(price);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new BadLineError(`price must be an amount from 0 to 10000.00 with at most two decimals, not ${quote(text)}`);
}

/** A value as a message shows it: short, and harmless to a terminal. */
export function quote(text: string): string {
  const short = text.length > 50 ? `${text.slice(0, 50)}…` : text;
  return printable(JSON.stringify(short));
}
