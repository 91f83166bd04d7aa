import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  AllStreamResolvedEvent,
  EventData,
  PersistentSubscriptionToAll,
  PersistentSubscriptionToStream,
  ResolvedEvent,
} from '@eventstore/db-client';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll } from 'vitest';
import { startEmbedded } from '@marios-pizzeria/embedded-eventstoredb';

/** The server under test: the one that EVENTSTORE_URL names, else an embedded one that this file starts. */
export interface TestStore {
  readonly client: EventStoreDBClient;
  readonly url: string;
  /** Stops and starts the embedded server on its data; `client` is a new one afterwards. */
  restart(): Promise<void>;
}

/** True where tests may stop the server or look at its files. */
export const isEmbedded = (process.env.EVENTSTORE_URL ?? '') === '';

/**
 * One server and client for the tests of a file.
 *
 * @param onlyEmbedded for tests of the embedded server itself, whatever `EVENTSTORE_URL` says
 */
export function useStore({ onlyEmbedded = false } = {}): TestStore {
  let server: Awaited<ReturnType<typeof startEmbedded>> | undefined;
  let client: EventStoreDBClient | undefined;
  let dataDir: string | undefined;
  const startsServer = isEmbedded || onlyEmbedded;
  let url = process.env.EVENTSTORE_URL ?? '';

  async function start(): Promise<void> {
    if (startsServer) {
      dataDir ??= mkdtempSync(join(tmpdir(), 'eventstoredb-test-'));
      server = await startEmbedded({ dataDir, port: 0 });
      url = server.url;
    }
    client = EventStoreDBClient.connectionString(url);
  }

  async function stop(): Promise<void> {
    await client?.dispose();
    await server?.close();
  }

  beforeAll(start);
  afterAll(async () => {
    await stop();
    if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true });
  });

  return {
    get client() {
      if (client === undefined) throw new Error('the store is started before the first test');
      return client;
    },
    get url() {
      return url;
    },
    async restart() {
      await stop();
      await start();
    },
  };
}

/** A name that no other test uses, on a server that may be shared. */
export function unique(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

export function testEvents(count: number, type = 'Tested', first = 0): EventData[] {
  return Array.from({ length: count }, (_, index) => jsonEvent({ type, data: { n: first + index } }));
}

/** The `n` of an event that `testEvents` made. */
export function numberOf({ event }: ResolvedEvent | AllStreamResolvedEvent): number {
  return (event?.data as { n: number } | undefined)?.n ?? -1;
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

export async function failureOf(action: Promise<unknown>): Promise<unknown> {
  try {
    await action;
  } catch (error) {
    return error;
  }
  throw new Error('it should have failed');
}

const DEADLINE_MS = 8000;

/** Waits until `condition` gives something truthy, and gives that. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
): Promise<Exclude<T, undefined | null | false>> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) {
      return value as Exclude<T, undefined | null | false>;
    }
    if (Date.now() > end) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** Everything that a subscription delivers, from the moment that this is called. */
export interface Recording<T> {
  readonly events: T[];
  readonly errors: unknown[];
  readonly ended: boolean;
  /** Waits until there are `count` events, and gives them all. */
  first(count: number): Promise<T[]>;
}

interface Source<T> {
  on(event: 'data', listener: (event: T) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
}

export function record<T>(source: Source<T>, onEvent?: (event: T) => void): Recording<T> {
  const events: T[] = [];
  const errors: unknown[] = [];
  const state = { ended: false };
  source.on('data', (event) => {
    events.push(event);
    onEvent?.(event);
  });
  source.on('error', (error) => errors.push(error));
  source.on('end', () => (state.ended = true));
  source.on('close', () => (state.ended = true));
  return {
    events,
    errors,
    get ended() {
      return state.ended;
    },
    async first(count) {
      await until(`${count} events have come`, () => events.length >= count);
      return events;
    },
  };
}

type Persistent = PersistentSubscriptionToStream | PersistentSubscriptionToAll;

/** Records a persistent subscription and acknowledges what it delivers. */
export function recordAndAck(subscription: Persistent): Recording<ResolvedEvent> {
  const recording = record<ResolvedEvent>(subscription, (event) => {
    subscription.ack(event as never).catch((error: unknown) => recording.errors.push(error));
  });
  return recording;
}

export function recordOnly(subscription: Persistent): Recording<ResolvedEvent> {
  return record<ResolvedEvent>(subscription);
}
