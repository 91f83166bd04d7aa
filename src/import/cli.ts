import { pino } from 'pino';
import { ConfigError, loadConfig } from '../config.ts';
import { joinStores } from '../stores.ts';
import { EXIT, HELP, parseOptions, UsageError } from './options.ts';
import { InputError } from './problem.ts';
import { StoreAwayError } from './retry.ts';
import { runImport } from './run.ts';

process.exit(await main(process.argv.slice(2))); // connections that are still being tried would keep the process

async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted); // asked twice
    process.stderr.write('\nstopping: finishing what is in flight\n');
    interrupt.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const options = parseOptions(args);
    if (!options) {
      process.stdout.write(HELP);
      return EXIT.done;
    }
    const config = loadConfig();
    const log = pino({ level: 'warn' }, pino.destination(process.stderr.fd));
    return await runImport({
      options,
      config,
      openStores: () => joinStores(config, log),
      out: process.stdout,
      err: process.stderr,
      signal: interrupt.signal,
    });
  } catch (error) {
    if (interrupt.signal.aborted) return EXIT.interrupted;
    process.stderr.write(`${describe(error)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function describe(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\nMore with --help.`;
  if (error instanceof InputError) return `Nothing was imported: ${error.message}`;
  if (error instanceof ConfigError) return error.message;
  if (error instanceof StoreAwayError) return `The import has stopped: ${error.message}. Run it again to go on.`;
  return `The import has stopped: ${error instanceof Error ? error.message : String(error)}`;
}
