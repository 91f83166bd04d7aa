import type { ProjectionAdmin } from '../../read-models/admin.ts';
import { eventText, type Message } from '../../live/message.ts';
import { statusJson } from '../routes/admin.ts';
import type { Readiness } from '../routes/health.ts';
import type { FastifyBaseLogger } from 'fastify';

export interface OperationsFeedOptions {
  readonly admin: Pick<ProjectionAdmin, 'status'>;
  readonly readiness: () => Promise<Readiness>;
  readonly log: FastifyBaseLogger;
}

type Listener = (messages: readonly Message[]) => void;

const LOOK_EVERY_MS = 1000;

/** Tells all who listen what has changed; looks once a second for all of them, and only while any listens. */
export function createOperationsFeed({ admin, readiness, log }: OperationsFeedOptions) {
  const listeners = new Set<Listener>();
  let last = new Map<string, string>();
  let looking: NodeJS.Timeout | undefined;

  return {
    /** What there is to say at present. */
    now: read,

    /** Gives messages that differ from the ones before. @returns ends it */
    listen(listener: Listener): () => void {
      listeners.add(listener);
      lookAgain();
      return () => listeners.delete(listener);
    },

    close(): void {
      listeners.clear();
      clearTimeout(looking);
    },
  };

  function lookAgain(): void {
    looking ??= setTimeout(() => {
      looking = undefined;
      look()
        .catch((error: unknown) => log.error({ err: error }, 'the state of the read models could not be told'))
        .finally(() => {
          if (listeners.size > 0) lookAgain();
        });
    }, LOOK_EVERY_MS).unref();
  }

  async function look(): Promise<void> {
    const messages = await read();
    const changed = messages.filter(({ about, text }) => last.get(about) !== text);
    last = new Map(messages.map(({ about, text }) => [about, text]));
    if (changed.length > 0) for (const listener of listeners) listener(changed);
  }

  async function read(): Promise<readonly Message[]> {
    const [{ checks }, status] = await Promise.all([
      readiness(),
      admin.status().catch((error: unknown) => {
        log.debug({ err: error }, 'a store does not answer');
        return undefined;
      }),
    ]);
    const messages = [
      { about: 'projection', text: eventText('projection', { checks, items: status?.map(statusJson) ?? null }) },
    ];
    const parked = status?.[0]?.parked;
    return parked === undefined
      ? messages
      : [...messages, { about: 'parked', text: eventText('parked', { total: parked }) }];
  }
}
