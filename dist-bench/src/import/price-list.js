import { parseMoney, toMinorUnits } from "../domain/money.js";
import { readTable } from "./files.js";
import { BadLineError } from "./problem.js";
import { parsePizza, parseType, PIZZA_COLUMNS, quote, TYPE_COLUMNS } from "./rows.js";
/** The pizzas by their id. A bad line is reported, and its pizza is not on the list. */
export async function readPriceList(files, report) {
    const types = new Map();
    await readEach(files.types, TYPE_COLUMNS, report, (values) => {
        const { typeId, ...type } = parseType(values);
        addOnce(types, typeId, type, 'pizza_type_id');
    });
    const pizzas = new Map();
    await readEach(files.pizzas, PIZZA_COLUMNS, report, (values) => {
        const { typeId, ...pizza } = parsePizza(values);
        const type = types.get(typeId);
        if (!type)
            throw new BadLineError(`unknown pizza type ${quote(typeId)}`);
        addOnce(pizzas, pizza.sku, { ...pizza, ...type }, 'pizza_id');
    });
    return new Map([...pizzas].filter((entry) => entry[1] !== undefined));
}
/** Of two lines with one id nobody knows which is right, so that neither counts. */
function addOnce(entries, id, entry, column) {
    const isTwice = entries.has(id);
    entries.set(id, isTwice ? undefined : entry);
    if (isTwice)
        throw new BadLineError(`${column} ${quote(id)} is in the file twice: neither line is used`);
}
export function toMenuItem({ sku, name, category, size, unitPrice, ingredients }) {
    return { _id: sku, name, category, size, priceMinor: toMinorUnits(parseMoney(unitPrice)), ingredients };
}
/**
 * Takes the rows of a file one by one. A line that is broken, or that `take` refuses with a BadLineError, is reported.
 *
 * @param ifBad told of such a line before it is reported; may add to the message
 */
export async function readEach(file, columns, report, take, ifBad = () => '') {
    for await (const row of readTable(file, columns)) {
        try {
            if ('broken' in row)
                throw new BadLineError(row.broken);
            take(row.values, row.line);
        }
        catch (error) {
            if (!(error instanceof BadLineError))
                throw error;
            report({ file, line: row.line, message: `${error.message}${ifBad(row)}` });
        }
    }
}
