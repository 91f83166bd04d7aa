/**
 * The whole product in one command, to look at: an embedded service with the sample menu, some weeks of orders, and
 * people who order, cook and deliver.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { EXIT, messageOf, runProgram } from '../src/cli/program.ts';
import { parseConfig } from '../src/config.ts';
import { readPriceList } from '../src/import/price-list.ts';
import { formatProblem, type Problem } from '../src/import/problem.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { makePast } from './past.ts';
import { actPeople } from './people.ts';
import { openPizzeria } from './pizzeria.ts';

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));
const MINUTE_MS = 60_000;
const DAYS_A_WEEK = 7;

await runProgram({
  help: HELP,
  parse: parseOptions,
  async run(options, signal) {
    const { dataDir } = options;
    if (dataDir !== undefined) {
      mkdirSync(dataDir, { recursive: true });
      return open(resolve(dataDir), options, signal);
    }
    const folder = mkdtempSync(join(tmpdir(), 'pizzeria-demo-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // however it comes about
    return open(folder, options, signal);
  },
  explain: (error) => `The demo has stopped: ${messageOf(error)}`,
});

/** @returns the exit code, when it is told to stop */
async function open(folder: string, options: Options, signal: AbortSignal): Promise<number> {
  const { orders, ordersPerMinute, speed, auth } = options;
  const log = pino({ level: 'warn' }, pino.destination(process.stderr.fd));
  const files = { pizzas: join(SAMPLES, 'pizzas.csv'), types: join(SAMPLES, 'pizza_types.csv') };
  const report = (problem: Problem) => {
    throw new Error(formatProblem(problem));
  };
  const priceList = await readPriceList(files, { report, signal });
  const pace = { minuteMs: MINUTE_MS / speed, ordersPerMinute };
  const past = join(folder, 'past-is-made'); // one that was interrupted goes on
  if (!existsSync(past)) {
    const config = parseConfig({ DATA_DIR: folder });
    const made = await makePast({
      ...{ config, priceList, orders, days: options.weeks * DAYS_A_WEEK, ...pace, log },
      signal,
    }).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (made === undefined) return EXIT.done;
    writeFileSync(past, '');
    say(`${made} orders of the last ${options.weeks} ${options.weeks === 1 ? 'week' : 'weeks'}`);
  }
  const pizzeria = await openPizzeria({ DATA_DIR: folder, PORT: String(options.port), AUTH: auth });
  try {
    const { base } = pizzeria;
    say(`The pizzeria is open. Ctrl-C closes it.\n`);
    for (const page of ['order', 'kitchen', 'orders', 'figures', 'operations']) say(`  ${base}/app/${page}`);
    if (auth === 'dev')
      say('\nLog in as giulia (customer), anna (kitchen), luca (driver), mario (manager) or ada (admin).');
    const acting = options.still
      ? new Promise((resolve) => (signal.aborted ? resolve(undefined) : signal.addEventListener('abort', resolve)))
      : actPeople({
          ...{ pizzeria, asks: auth === 'dev', skus: [...priceList.keys()], ...pace, signal },
          warn: (text) => void process.stderr.write(`${text}\n`),
        });
    await Promise.race([pizzeria.failed, acting]);
    return EXIT.done;
  } finally {
    await pizzeria.close();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
