import { pino } from 'pino';
import { createStreamStore } from '../eventstoredb/streams.ts';
import { createProjectionAdmin } from '../read-models/admin.ts';
import { openDatabase } from '../read-models/collections.ts';
import { READ_MODELS } from '../read-models/index.ts';
import { joinStores } from '../stores.ts';
import { configOf, messageOf, runProgram } from './program.ts';
import { HELP, parseCommand, type ProjectionCommand, runCommand } from './projection-commands.ts';
import { STEP_TIME_LIMIT_MS } from '../time-limit.ts';

await runProgram({
  help: HELP,
  parse: parseCommand,
  run,
  explain: (error) => `It did not work: ${messageOf(error)}`,
});

async function run(command: ProjectionCommand, signal: AbortSignal): Promise<number> {
  const config = configOf();
  const log = pino({ level: 'fatal' }, pino.destination(process.stderr.fd));
  const stores = await joinStores(config, log);
  const client = stores.eventStore;
  const { streamPrefix, consumerGroup: group } = config;
  const streams = createStreamStore({ client, streamPrefix, timeLimitMs: STEP_TIME_LIMIT_MS });
  const { db } = openDatabase(stores.mongo, config.mongoDatabase);
  const context = { client, streams, db, streamPrefix, log };
  const admin = createProjectionAdmin({ context, models: READ_MODELS, group });
  signal.addEventListener('abort', () => void admin.stop());
  try {
    signal.throwIfAborted();
    return await Promise.race([stores.failed, runCommand(command, { admin, out: process.stdout })]);
  } finally {
    await admin.stop();
    await stores.close();
  }
}
