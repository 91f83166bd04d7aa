import type { MenuItemDetails } from '../domain/menu-item.ts';
import { type ImportFiles, readTable } from './files.ts';
import { BadLineError, type Reading } from './problem.ts';
import { parsePizza, parseType, PIZZA_COLUMNS, type PizzaRow, type PizzaType, quote, TYPE_COLUMNS } from './rows.ts';
import { type BrokenRow, fieldsOf, type Row } from './table.ts';

/** A pizza of one size, with what its type says. */
export interface Pizza extends Omit<PizzaRow, 'typeId'>, PizzaType {}

export type PriceList = ReadonlyMap<string, Pizza>;

/** The pizzas by their id. A bad line is reported, and its pizza is not on the list. */
export async function readPriceList(
  files: Pick<ImportFiles, 'pizzas' | 'types'>,
  reading: Reading,
): Promise<PriceList> {
  const types = new Map<string, PizzaType | undefined>();
  const takeType = (values: Row<(typeof TYPE_COLUMNS)[number]>['values']) => {
    const { typeId, ...type } = parseType(values);
    addOnce(types, typeId, type, 'pizza_type_id');
  };
  await readEach(files.types, TYPE_COLUMNS, reading, takeType, without(types, 'pizza_type_id'));
  const pizzas = new Map<string, Pizza | undefined>();
  const takePizza = (values: Row<(typeof PIZZA_COLUMNS)[number]>['values']) => {
    const { typeId, ...pizza } = parsePizza(values);
    const type = types.get(typeId);
    if (!type) throw new BadLineError(`unknown pizza type ${quote(typeId)}`);
    addOnce(pizzas, pizza.sku, { ...pizza, ...type }, 'pizza_id');
  };
  await readEach(files.pizzas, PIZZA_COLUMNS, reading, takePizza, without(pizzas, 'pizza_id'));
  return new Map([...pizzas].filter((entry): entry is [string, Pizza] => entry[1] !== undefined));
}

/** Of two lines with one id nobody knows which is right, so that neither counts. */
function addOnce<T>(entries: Map<string, T | undefined>, id: string, entry: T, column: string): void {
  const isTwice = entries.has(id);
  entries.set(id, isTwice ? undefined : entry);
  if (isTwice) throw new BadLineError(`${column} ${quote(id)} is in the file twice: neither line is used`);
}

/** A bad line counts as one of its id as well: what another line says of it is not used. */
function without<Column extends string>(entries: Map<string, unknown>, column: Column) {
  return (row: Row<Column> | BrokenRow<Column>): string => {
    for (const id of fieldsOf(row, column)) entries.set(id.trim(), undefined);
    return '';
  };
}

export function toMenuItem({ name, category, size, unitPrice, ingredients }: Pizza): MenuItemDetails {
  return { name, category, ...(size !== null && { size }), price: unitPrice, ingredients };
}

/**
 * Takes the rows of a file one by one. A line that is broken, or that `take` refuses with a BadLineError, is reported.
 *
 * @param ifBad told of such a line before it is reported; may add to the message
 */
export async function readEach<Column extends string>(
  file: string,
  columns: readonly Column[],
  { report, signal }: Reading,
  take: (values: Row<Column>['values'], line: number) => void,
  ifBad: (row: Row<Column> | BrokenRow<Column>) => string = () => '',
): Promise<void> {
  for await (const row of readTable(file, columns, signal)) {
    try {
      if ('broken' in row) throw new BadLineError(row.broken);
      take(row.values, row.line);
    } catch (error) {
      if (!(error instanceof BadLineError)) throw error;
      report({ file, line: row.line, message: `${error.message}${ifBad(row)}` });
    }
  }
}
