import { pino } from 'pino';
import { ConfigError, loadConfig } from "../config.js";
import { joinStores } from "../stores.js";
import { EXIT, HELP, parseOptions, UsageError } from "./options.js";
import { InputError } from "./problem.js";
import { StoreAwayError } from "./retry.js";
import { runImport } from "./run.js";
process.exit(await main(process.argv.slice(2))); // connections that are still being tried would keep the process
async function main(args) {
    const interrupt = new AbortController();
    const onSignal = () => {
        if (interrupt.signal.aborted)
            process.exit(EXIT.interrupted); // asked twice
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
    }
    catch (error) {
        if (interrupt.signal.aborted)
            return EXIT.interrupted;
        process.stderr.write(`${describe(error)}\n`);
        return error instanceof UsageError ? EXIT.usage : EXIT.failed;
    }
}
function describe(error) {
    if (error instanceof UsageError)
        return `${error.message}\nMore with --help.`;
    if (error instanceof InputError)
        return `Nothing was imported: ${error.message}`;
    if (error instanceof ConfigError)
        return error.message;
    if (error instanceof StoreAwayError)
        return `The import has stopped: ${error.message}. Run it again to go on.`;
    return `The import has stopped: ${error instanceof Error ? error.message : String(error)}`;
}
