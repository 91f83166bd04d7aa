import { parseArguments, UsageError } from '../src/cli/program.ts';
import { pathFromUser } from '../src/config.ts';

export interface Options {
  readonly port: number;
  readonly auth: 'off' | 'dev';
  /** Undefined: one that is deleted at the end. */
  readonly dataDir: string | undefined;
  readonly orders: number;
  readonly weeks: number;
  /** How many times as fast as a real kitchen. */
  readonly speed: number;
  readonly ordersPerMinute: number;
  /** Nobody comes and nobody works. */
  readonly still: boolean;
}

export const HELP = `Opens a pizzeria to look at: an embedded service with a menu, a past, and simulated people.

  npm run demo -- [options]

  --port PORT              where it listens (default: any free port)
  --auth off|dev           whether people have to log in (default: off)
  --data DIR               keeps its data there, and goes on with them the next time (default: none are kept)
  --orders N               orders of the past (default: 500)
  --weeks N                how far the past goes back (default: 9)
  --speed N                how many times as fast as a real one the kitchen works (default: 5)
  --orders-per-minute N    how many guests order (default: 3)
  --still                  nobody comes, and nobody works
  --help                   this text

Ctrl-C closes it.
`;

const OPTIONS = {
  port: { type: 'string', default: '0' },
  auth: { type: 'string', default: 'off' },
  data: { type: 'string' },
  orders: { type: 'string', default: '500' },
  weeks: { type: 'string', default: '9' },
  speed: { type: 'string', default: '5' },
  'orders-per-minute': { type: 'string', default: '3' },
  still: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/**
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArguments(args, OPTIONS);
  if (values.help) return undefined;
  const mistakes: string[] = [];
  const number = (name: 'port' | 'orders' | 'weeks' | 'speed' | 'orders-per-minute', least: number, most: number) => {
    const text = values[name];
    const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
    const isWhole = name === 'speed' || name === 'orders-per-minute' || Number.isInteger(value);
    if (!(value >= least && value <= most && isWhole)) {
      mistakes.push(`--${name} must be a number from ${least} to ${most}, not "${text}"`);
    }
    return value;
  };
  const auth = values.auth === 'dev' ? 'dev' : 'off';
  if (auth !== values.auth) mistakes.push(`--auth must be off or dev, not "${values.auth}"`);
  const options: Options = {
    port: number('port', 0, 65_535),
    auth,
    dataDir: values.data === undefined ? undefined : pathFromUser(values.data, 'demo'),
    orders: number('orders', 0, 100_000),
    weeks: number('weeks', 1, 520),
    speed: number('speed', 0.1, 10_000),
    ordersPerMinute: number('orders-per-minute', 0.1, 600),
    still: values.still,
  };
  if (mistakes.length > 0) throw new UsageError(mistakes.join('\n'));
  return options;
}
