import { numeric, typeOf, types } from "./values.js";
/**
 * Position of a type in MongoDB's comparison order, also the first byte of its index key. `emptyArray` is where an
 * empty array stands in a multikey index.
 */
export const order = {
    minKey: 0x0a,
    emptyArray: 0x0f,
    null: 0x14,
    number: 0x1e,
    string: 0x3c,
    object: 0x46,
    array: 0x50,
    binData: 0x5a,
    objectId: 0x64,
    bool: 0x6e,
    date: 0x78,
    timestamp: 0x82,
    regex: 0x8c,
    maxKey: 0xe0,
};
const orderOfType = new Map([
    [types.minKey, order.minKey],
    [types.null, order.null],
    [types.int, order.number],
    [types.long, order.number],
    [types.double, order.number],
    [types.string, order.string],
    [types.object, order.object],
    [types.array, order.array],
    [types.binData, order.binData],
    [types.objectId, order.objectId],
    [types.bool, order.bool],
    [types.date, order.date],
    [types.timestamp, order.timestamp],
    [types.regex, order.regex],
    [types.maxKey, order.maxKey],
]);
/** The comparison class of a value; values of different classes never equal each other. */
export function orderOf(value) {
    return orderOfType.get(typeOf(value)) ?? 0;
}
/** MongoDB's total order over all values (a missing one counts as null). */
export function compare(a, b) {
    if (a === b)
        return 0;
    if (typeof a === 'string' && typeof b === 'string')
        return compareStrings(a, b);
    const classOfA = orderOf(a);
    const difference = classOfA - orderOf(b);
    if (difference !== 0)
        return difference;
    switch (classOfA) {
        case order.number:
            return compareNumbers(a, b);
        case order.object:
            return compareDocuments(a, b);
        case order.array:
            return compareArrays(a, b);
        case order.binData:
            return compareBinary(a, b);
        case order.objectId:
            return Buffer.compare(a.id, b.id);
        case order.bool:
            return Number(a) - Number(b);
        case order.date:
            return a.getTime() - b.getTime();
        case order.timestamp:
            return compareBigints(a.toBigInt(), b.toBigInt());
        case order.regex:
            return compareRegexes(a, b);
        default:
            return 0;
    }
}
export function equal(a, b) {
    return compare(a, b) === 0;
}
/** Numbers of any type by value; NaN equals itself and comes before all others. */
export function compareNumbers(left, right) {
    const a = numeric(left);
    const b = numeric(right);
    if (a < b)
        return -1;
    if (a > b)
        return 1;
    const aIsNaN = Number.isNaN(a);
    return aIsNaN === Number.isNaN(b) ? 0 : aIsNaN ? -1 : 1;
}
/** By bytes of UTF-8, which is not the order of UTF-16 where surrogates are involved. */
export function compareStrings(a, b) {
    if (a === b)
        return 0;
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i += 1) {
        const x = a.charCodeAt(i);
        const y = b.charCodeAt(i);
        if (x !== y)
            return x >= 0xd800 && y >= 0xd800 ? codePointRank(x) - codePointRank(y) : x - y;
    }
    return a.length - b.length;
}
function codePointRank(unit) {
    return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
function compareDocuments(a, b) {
    const keysOfA = Object.keys(a);
    const keysOfB = Object.keys(b);
    const length = Math.min(keysOfA.length, keysOfB.length);
    for (let i = 0; i < length; i += 1) {
        const keyOfA = keysOfA[i] ?? '';
        const keyOfB = keysOfB[i] ?? '';
        const left = a[keyOfA] ?? null;
        const right = b[keyOfB] ?? null;
        const difference = orderOf(left) - orderOf(right) || compareStrings(keyOfA, keyOfB) || compare(left, right);
        if (difference !== 0)
            return difference;
    }
    return keysOfA.length - keysOfB.length;
}
function compareArrays(a, b) {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i += 1) {
        const difference = compare(a[i] ?? null, b[i] ?? null);
        if (difference !== 0)
            return difference;
    }
    return a.length - b.length;
}
function compareBinary(a, b) {
    return a.length() - b.length() || a.sub_type - b.sub_type || Buffer.compare(a.value(), b.value());
}
function compareBigints(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
}
function compareRegexes(a, b) {
    return compareStrings(a.pattern, b.pattern) || compareStrings(a.options, b.options);
}
