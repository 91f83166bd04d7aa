import { Decimal, formatMoney, parseMoney } from "../domain/money.js";
import { parseTimestamp } from "../domain/time.js";
import { BadLineError } from "./problem.js";
/** The columns of the four files. */
export const ORDER_COLUMNS = ['order_id', 'date', 'time'];
export const DETAIL_COLUMNS = ['order_details_id', 'order_id', 'pizza_id', 'quantity'];
export const PIZZA_COLUMNS = ['pizza_id', 'pizza_type_id', 'size', 'price'];
export const TYPE_COLUMNS = ['pizza_type_id', 'name', 'category', 'ingredients'];
/** The limits of the HTTP API, so that an imported order is one that could have been placed. */
const MOST_CHARACTERS = 200;
const MOST_PIECES = 1000;
const HIGHEST_PRICE = new Decimal(10_000);
/** A line of text: no control characters, which nobody means, and no lone surrogates, which BSON would change. */
const LINE = /^[^\p{Cc}\p{Cs}]+$/u;
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;
/**
 * @returns RFC 3339 in UTC with milliseconds
 * @throws BadLineError
 */
export function parsePlacedAt({ date, time }) {
    const placedAt = CLOCK_TIME.test(time) ? parseTimestamp(`${date}T${time}Z`) : undefined;
    if (placedAt === undefined) {
        throw new BadLineError(`no date and time: ${quote(date)} ${quote(time)} (expected 2015-01-31 and 18:30:00)`);
    }
    return new Date(placedAt).toISOString();
}
/** @throws BadLineError */
export function parseDetail(values) {
    return {
        detailId: parseText(values.order_details_id, 'order_details_id'),
        orderId: parseText(values.order_id, 'order_id'),
        sku: parseText(values.pizza_id, 'pizza_id'),
        quantity: parseQuantity(values.quantity),
    };
}
/** @throws BadLineError */
export function parsePizza(values) {
    return {
        sku: parseText(values.pizza_id, 'pizza_id'),
        typeId: parseText(values.pizza_type_id, 'pizza_type_id'),
        size: values.size === '' ? null : parseText(values.size, 'size'),
        unitPrice: parsePrice(values.price),
    };
}
/** @throws BadLineError */
export function parseType(values) {
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
export function parseText(text, what) {
    if (text === '')
        throw new BadLineError(`no ${what}`);
    if (text.length > MOST_CHARACTERS)
        throw new BadLineError(`${what} has more than ${MOST_CHARACTERS} characters`);
    if (!LINE.test(text))
        throw new BadLineError(`${what} has characters that are not text: ${quote(text)}`);
    return text;
}
function parseQuantity(text) {
    const quantity = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    if (quantity < 1 || quantity > MOST_PIECES) {
        throw new BadLineError(`quantity must be a whole number from 1 to ${MOST_PIECES}, not ${quote(text)}`);
    }
    return quantity;
}
function parsePrice(text) {
    try {
        const price = parseMoney(text);
        if (price.lessThanOrEqualTo(HIGHEST_PRICE))
            return formatMoney(price);
    }
    catch (error) {
        if (!(error instanceof RangeError))
            throw error;
    }
    throw new BadLineError(`price must be an amount from 0 to 10000.00 with at most two decimals, not ${quote(text)}`);
}
/** A value as a message shows it: short, and harmless to a terminal. */
export function quote(text) {
    return JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}…` : text);
}
