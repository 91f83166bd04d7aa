import type { AllStreamRecordedEvent, EventStoreDBClient } from '@eventstore/db-client';
import { convertToCommandError } from '@eventstore/db-client';
import type { Logger } from 'pino';
import { ensureConnected, readHead } from '../eventstoredb/client.ts';
import { EventStoreUnavailableError } from '../eventstoredb/errors.ts';
import { ALIVE, CAUGHT_UP, type ReadAnswer, subscribeToLog } from '../eventstoredb/wire/read.ts';
import type { StreamStore } from '../eventstoredb/streams.ts';
import { supervise } from '../read-models/live/supervise.ts';
import { isDeletion } from '../read-models/read-model.ts';
import { holdsMark, markOf } from '../read-models/rebuild/log-mark.ts';
import { STORE_TIME_LIMIT_MS } from '../time-limit.ts';
import { fromPosition, type LogPosition, toPosition } from './position.ts';

export interface FollowOptions {
  readonly client: EventStoreDBClient;
  readonly streams: Pick<StreamStore, 'readRecorded' | 'isGone'>;
  readonly prefixes: readonly string[];
  readonly log: Logger;
  /** Takes events in the order of the log; the next ones wait for it. If it rejects, they come again. */
  readonly arrived: (events: readonly AllStreamRecordedEvent[]) => Promise<void>;
  /** Whether events arrive as they are appended. */
  readonly following: (isFollowing: boolean) => void;
  /** This is another log than was followed, or an earlier point of it. It goes on from its end. */
  readonly restored: (head: LogPosition) => void;
}

/** Events that arrived and wait to be taken: the server is not read beyond. */
const MOST_WAITING = 2000;

/** Follows the log from after a position, for ever: whenever the subscription ends, it subscribes again. */
export function followLog(from: LogPosition, options: FollowOptions): { stop(): Promise<void> } {
  const { client, streams, prefixes, log, following } = options;
  let position = from;
  /** The last event that was taken: another log has come as far, and does not hold it. */
  let mark: Parameters<typeof holdsMark>[1] | undefined;

  return supervise('live hub', log, async (signal, progress) => {
    await ensureConnected(client, STORE_TIME_LIMIT_MS);
    const head = fromPosition(await readHead(client, STORE_TIME_LIMIT_MS));
    if (head < position || (mark && !(await holdsMark(streams, mark)))) {
      position = head;
      mark = undefined;
      options.restored(head);
    }
    const call = await subscribeToLog(client, prefixes, toPosition(position));
    const waiting: Exclude<ReadAnswer, typeof ALIVE>[] = [];
    let end: Error | 'stopped' | undefined;
    let wake: () => void = () => undefined;
    const finish = (how: Error | 'stopped') => {
      end ??= how;
      wake();
    };
    call.on('data', (answer: ReadAnswer) => {
      if (answer === ALIVE) return;
      if (waiting.push(answer) >= MOST_WAITING) call.pause();
      wake();
    });
    call.on('error', (error) => finish(convertToCommandError(error)));
    call.on('close', () => finish(new EventStoreUnavailableError('the event store ended the subscription')));
    const stop = () => finish('stopped');
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      for (;;) {
        const answers = waiting.splice(0);
        if (end) break;
        if (answers.length === 0) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        call.resume();
        const events = answers.filter((answer) => answer !== CAUGHT_UP);
        if (events.length > 0) await options.arrived(events);
        const last = events.at(-1);
        if (last) {
          position = fromPosition(last.position);
          // A deletion leaves nothing behind that could be looked for.
          mark = isDeletion(last) ? mark : markOf(last);
        }
        if (events.length === answers.length) continue;
        progress();
        following(true);
      }
      if (end instanceof Error) throw end;
    } finally {
      signal.removeEventListener('abort', stop);
      following(false);
      call.cancel();
    }
  });
}
