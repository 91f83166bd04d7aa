import { pino } from 'pino';
import { configOf, messageOf, runProgram } from '../cli/program.ts';
import { joinStores } from '../stores.ts';
import { HELP, parseOptions } from './options.ts';
import { InputError } from './problem.ts';
import { StoreAwayError } from './retry.ts';
import { runImport } from './run.ts';

await runProgram({
  help: HELP,
  parse: parseOptions,
  run(options, signal) {
    const config = configOf();
    const log = pino({ level: 'warn' }, pino.destination(process.stderr.fd));
    const openStores = () => joinStores(config, log);
    return runImport({ options, config, openStores, out: process.stdout, err: process.stderr, log, signal });
  },
  explain(error) {
    if (error instanceof InputError) return `Nothing was imported: ${error.message}`;
    const how = error instanceof StoreAwayError ? '. Run it again to go on.' : '';
    return `The import has stopped: ${messageOf(error)}${how}`;
  },
});
