import { pino } from 'pino';
import { validate as isUuid } from 'uuid';
import { ORDER } from '../eventstoredb/aggregates.ts';
import { StreamGoneError, UnreadableEventError } from '../eventstoredb/errors.ts';
import { EventSourcingRepository } from '../eventstoredb/repository.ts';
import { createStreamStore } from '../eventstoredb/streams.ts';
import { readLog } from '../read-models/log-reader.ts';
import { joinStores } from '../stores.ts';
import { STEP_TIME_LIMIT_MS } from '../time-limit.ts';
import { configOf, EXIT, messageOf, parseArguments, runProgram, UsageError } from './program.ts';

const HELP = `Writes the snapshots of long orders anew, from their events.

  npm run snapshots:rebuild                    every order that is long enough to have one
  npm run snapshots:rebuild -- --order UUID    this order

An order that cannot be read is named on stderr and passed over; one that was deleted is passed over.

Exit codes
  ${EXIT.done}    done
  ${EXIT.failed}    failed: there is no such order, an order cannot be read, or the event store is away
  ${EXIT.usage}    the command line is wrong
  ${EXIT.interrupted}  interrupted (Ctrl-C)
`;

interface Command {
  /** Undefined: all. */
  readonly orderId: string | undefined;
}

await runProgram<Command>({ help: HELP, parse, run, explain: (error) => `It did not work: ${messageOf(error)}` });

function parse(args: readonly string[]): Command | undefined {
  const options = { order: { type: 'string' }, help: { type: 'boolean', default: false } } as const;
  const { values } = parseArguments(args, options);
  if (values.help) return undefined;
  if (values.order !== undefined && !isUuid(values.order)) throw new UsageError('--order takes a UUID');
  return { orderId: values.order?.toLowerCase() };
}

async function run({ orderId }: Command, signal: AbortSignal): Promise<number> {
  const config = configOf();
  const log = pino({ level: 'warn' }, pino.destination(process.stderr.fd));
  const stores = await joinStores(config, log);
  const { streamPrefix, snapshotEvery } = config;
  const streams = createStreamStore({ client: stores.eventStore, streamPrefix, timeLimitMs: STEP_TIME_LIMIT_MS });
  const orders = new EventSourcingRepository(ORDER, { streams, snapshotEvery, log });
  const streamStart = streams.streamOf(ORDER.category, '');
  const counts = { written: 0, unreadable: 0 };
  try {
    await Promise.race([stores.failed, orderId === undefined ? rebuildAll() : rebuildOne(orderId)]);
  } finally {
    process.stdout.write(`${counts.written} snapshots written\n`);
    await stores.close();
  }
  if (counts.unreadable > 0) process.stderr.write(`${counts.unreadable} orders cannot be read\n`);
  return counts.unreadable > 0 || (orderId !== undefined && counts.written === 0) ? EXIT.failed : EXIT.done;

  async function rebuildOne(id: string): Promise<void> {
    if (!(await rebuild(id)) && counts.unreadable === 0)
      process.stderr.write(`Order ${id} is not there, or a stream of it was deleted\n`);
  }

  async function rebuildAll(): Promise<void> {
    for await (const { events } of readLog(stores.eventStore, [streamStart])) {
      // An order is due when it reaches its first snapshot; then its whole stream is folded, whatever its length.
      for (const { streamId, revision } of events) {
        signal.throwIfAborted();
        const isDue = streamId.startsWith(streamStart) && Number(revision) === snapshotEvery - 1;
        if (isDue) await rebuild(streamId.slice(streamStart.length));
      }
    }
  }

  /** @returns whether a snapshot was written */
  async function rebuild(id: string): Promise<boolean> {
    try {
      const isWritten = await orders.rebuildSnapshot(id);
      if (isWritten) counts.written += 1;
      return isWritten;
    } catch (error) {
      if (error instanceof StreamGoneError) return false;
      if (!(error instanceof UnreadableEventError)) throw error;
      counts.unreadable += 1;
      process.stderr.write(`order ${id}: ${error.message}\n`);
      return false;
    }
  }
}
