import { pino } from 'pino';
import { ConfigError, loadConfig } from "../config.js";
import { createStreamStore } from "../eventstoredb/streams.js";
import { openDatabase } from "../read-models/database.js";
import { createProjectionAdmin } from "../read-models/admin.js";
import { READ_MODELS } from "../read-models/index.js";
import { joinStores } from "../stores.js";
import { EXIT, HELP, parseCommand, runCommand, UsageError } from "./projection-commands.js";
const STORE_TIME_LIMIT_MS = 2500;
process.exit(await main(process.argv.slice(2))); // connections that are still being tried would keep the process
async function main(args) {
    const interrupt = new AbortController();
    try {
        const command = parseCommand(args);
        if (!command) {
            process.stdout.write(HELP);
            return EXIT.done;
        }
        const config = loadConfig();
        const log = pino({ level: 'fatal' }, pino.destination(process.stderr.fd));
        const stores = await joinStores(config, log);
        const { streamPrefix, consumerGroup: group } = config;
        const client = stores.eventStore;
        const streams = createStreamStore({ client, streamPrefix, timeLimitMs: STORE_TIME_LIMIT_MS });
        const { db } = openDatabase(stores.mongo, config.mongoDatabase);
        const admin = createProjectionAdmin({
            context: { client, streams, db, streamPrefix, log },
            models: READ_MODELS,
            group,
        });
        const onSignal = () => {
            if (interrupt.signal.aborted)
                process.exit(EXIT.interrupted); // asked twice
            interrupt.abort();
            process.stderr.write('\nstopping: finishing what is in hand\n');
            void admin.stop();
        };
        process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
        try {
            return await runCommand(command, { admin, out: process.stdout });
        }
        finally {
            await admin.stop();
            await stores.close();
        }
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
    if (error instanceof ConfigError)
        return error.message;
    return `It did not work: ${error instanceof Error ? error.message : String(error)}`;
}
