import { formatMinorUnits, parseMoney, toMinorUnits } from "../../domain/money.js";
const SIZES = ['S', 'M', 'L', 'XL', 'XXL'];
export function toMenuItem(sku, body) {
    const { name, category, size = null, price, ingredients = [] } = body;
    return { _id: sku, name, category, size, priceMinor: toMinorUnits(parseMoney(price)), ingredients };
}
export function menuItemJson({ _id, name, category, size, priceMinor, ingredients, }) {
    return { sku: _id, name, category, size, price: priceOf(priceMinor), ingredients: [...ingredients] };
}
/**
 * The menu as a guest reads it: what differs in nothing but size and price is one item.
 *
 * @param items by category and name
 */
export function menuJson(currency, items) {
    const categories = new Map();
    for (const { _id: sku, name, category, size, priceMinor, ingredients } of [...items].sort(bySize)) {
        const dishes = categories.get(category) ?? new Map();
        const key = JSON.stringify([name, ingredients]);
        const dish = dishes.get(key) ?? { name, ingredients: [...ingredients], sizes: [] };
        dish.sizes.push({ sku, size, price: priceOf(priceMinor) });
        categories.set(category, dishes.set(key, dish));
    }
    return {
        currency,
        categories: [...categories]
            .map(([category, dishes]) => ({ category, items: [...dishes.values()].sort((a, b) => compare(a.name, b.name)) }))
            .sort((a, b) => compare(a.category, b.category)),
    };
}
function priceOf(minor) {
    return formatMinorUnits(minor);
}
/** S M L XL XXL, then others by their names, then those without a size; those of one size by sku. */
function bySize(a, b) {
    return rank(a) - rank(b) || compare(a.size ?? '', b.size ?? '') || compare(a._id, b._id);
}
function rank({ size }) {
    if (size === null)
        return SIZES.length + 1;
    const known = SIZES.indexOf(size.toUpperCase());
    return known < 0 ? SIZES.length : known;
}
/** By code unit: the same everywhere, whatever the server's locale. */
function compare(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
}
