import { convertToCommandError, type EventStoreDBClient } from '@eventstore/db-client';
import { readHead } from './client.ts';
import { STORE_TIME_LIMIT_MS } from '../time-limit.ts';
import { CAUGHT_UP, type ReadAnswer, subscribeToLog } from './wire/read.ts';

export interface DeletionListener {
  /** From now on every deletion is told. */
  readonly onCaughtUp: () => void;
  /** @param id what follows the prefix in the name of a stream whose metadata have changed */
  readonly onChanged: (id: string) => void;
}

/**
 * Tells of deletions until the signal, or the end of the subscription: whoever deletes a stream softly, or hides its
 * beginning, changes its metadata. To a stream that was deleted for good the store lets nobody append.
 *
 * @param prefix what the names of the streams begin with
 * @throws EventStoreUnavailableError, CommandError of the client when the subscription fails
 */
export async function followDeletions(
  client: EventStoreDBClient,
  prefix: string,
  signal: AbortSignal,
  { onCaughtUp, onChanged }: DeletionListener,
): Promise<void> {
  const metadata = `$$${prefix}`;
  const call = await subscribeToLog(client, [metadata], await readHead(client, STORE_TIME_LIMIT_MS));
  await new Promise<void>((resolve, reject) => {
    call.on('data', (answer: ReadAnswer) => {
      if (answer === CAUGHT_UP) onCaughtUp();
      else if (typeof answer === 'object') onChanged(answer.streamId.slice(metadata.length));
    });
    call.on('error', (error) => {
      if (signal.aborted) resolve();
      else reject(convertToCommandError(error));
    });
    call.on('close', resolve);
    signal.addEventListener('abort', () => call.cancel());
    if (signal.aborted) call.cancel();
  });
}
