import { EXIT, parseArguments, UsageError } from '../cli/program.ts';
import { pathFromUser } from '../config.ts';
import type { ImportFiles } from './files.ts';
import { BadLineError } from './problem.ts';
import { parseText } from './rows.ts';

export interface Options {
  readonly files: ImportFiles;
  readonly customerId: string;
  readonly isStrict: boolean;
  readonly withMenu: boolean;
  /** Milliseconds. */
  readonly patienceMs: number;
}

export const HELP = `Imports historical orders from CSV files.

  npm run import -- --orders FILE --details FILE --pizzas FILE --types FILE [options]

Files (UTF-8 or Latin-1, separated by commas; the first line names the columns, in any order)
  --orders FILE     order_id, date (2015-01-31), time (18:30:00, read as UTC)
  --details FILE    order_details_id, order_id, pizza_id, quantity
  --pizzas FILE     pizza_id, pizza_type_id, size, price
  --types FILE      pizza_type_id, name, category, ingredients

Options
  --customer ID     customer of the orders (default: walk-in)
  --strict          write nothing at all if a single line is bad
  --menu            also put the pizzas on the menu, at these prices
  --wait SECONDS    how long to wait for a store that is away (default: 60)
  --help            this text

A bad line is reported on stderr as FILE:LINE: WHY, and an order it belongs to is skipped as a whole. An order that
was imported before is left as it is, so that a run can be repeated, or interrupted and started again. An order is
the same when order_id, date, time and customer are.

The stores are those of the service (EVENTSTORE_URL, MONGODB_URL, DATA_DIR, ... in the environment or .env). Embedded
ones are those of a service that runs on the same DATA_DIR, or else started for the import.

Exit codes
  ${EXIT.done}    every order of the files is there, except skipped ones
  ${EXIT.failed}    failed: a file or a store cannot be used, or a line is bad with --strict; run again to go on
  ${EXIT.usage}    the command line is wrong
  ${EXIT.interrupted}  interrupted (Ctrl-C); run again to go on
`;

const FILES = ['orders', 'details', 'pizzas', 'types'] as const;
const OPTIONS = {
  orders: { type: 'string' },
  details: { type: 'string' },
  pizzas: { type: 'string' },
  types: { type: 'string' },
  customer: { type: 'string', default: 'walk-in' },
  wait: { type: 'string', default: '60' },
  strict: { type: 'boolean', default: false },
  menu: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;
const MOST_SECONDS = 86_400;

/**
 * @param args what follows the program's name
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArguments(args, OPTIONS);
  if (values.help) return undefined;
  const mistakes = FILES.filter((name) => !values[name]).map((name) => `--${name} FILE is missing`);
  const seconds = /^\d{1,5}$/.test(values.wait) ? Number(values.wait) : Number.NaN;
  if (!(seconds <= MOST_SECONDS)) mistakes.push(`--wait must be a whole number of seconds up to ${MOST_SECONDS}`);
  try {
    parseText(values.customer, 'id');
  } catch (error) {
    if (!(error instanceof BadLineError)) throw error;
    mistakes.push(`--customer: ${error.message}`);
  }
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  const file = (name: (typeof FILES)[number]) => pathFromUser(values[name] ?? '', 'import');
  return {
    files: { orders: file('orders'), details: file('details'), pizzas: file('pizzas'), types: file('types') },
    customerId: values.customer,
    isStrict: values.strict,
    withMenu: values.menu,
    patienceMs: seconds * 1000,
  };
}
