import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Logger } from 'pino';
import { ORDER } from '../eventstoredb/aggregates.ts';
import { readHead } from '../eventstoredb/client.ts';
import { EventStoreUnavailableError } from '../eventstoredb/errors.ts';
import { readLog } from '../read-models/log-reader.ts';
import { settleWithin, STORE_TIME_LIMIT_MS } from '../time-limit.ts';
import { type Change, createOrderFold, type FoldOptions } from './change.ts';
import { followLog, type FollowOptions } from './follow.ts';
import type { ResetReason } from './message.ts';
import { fromPosition, type LogPosition, toPosition } from './position.ts';
import { createTail, type Tail } from './tail.ts';
import { createTurns } from './turns.ts';

/** Somebody to whom the hub gives changes, each once and in the order of the log. */
export interface Watcher {
  /** Takes changes that have just come; must not wait. */
  readonly take: (changes: readonly Change[]) => void;
  /** Takes older changes; settles when it can take more. */
  readonly catchUp: (changes: readonly Change[]) => Promise<void>;
  /** Whether changes come as they are made; false while the event store is away. */
  readonly following: (isFollowing: boolean) => void;
  /** It must begin anew: the hub gives it nothing more. */
  readonly reset: (reason: ResetReason) => void;
  /** Has left, or was reset. */
  readonly isGone: () => boolean;
}

export interface HubOptions extends FoldOptions {
  readonly client: EventStoreDBClient;
  readonly streams: FollowOptions['streams'];
  readonly log: Logger;
}

export type Hub = ReturnType<typeof createHub>;

/** Events that are read for one watcher that resumes. */
export const MOST_RESUMED = 5000;
const PAGE = 200;
const READERS_AT_ONCE = 8;
/** Share of its time that the process spends on giving out changes, however many watchers there are. */
const LARGEST_SHARE = 0.2;
/** The hub follows the log for this long after the last watcher has left, since most come back. */
const LINGER_MS = 30_000;
const LOOK_EVERY_MS = 5000;

interface Following {
  readonly log: { stop(): Promise<void> };
  tail: Tail;
  isUp: boolean;
  /** Settles when it is up for the first time. */
  readonly began: Promise<void>;
}

/**
 * Follows the log once for all watchers of this process, as long as there are any: each change is folded once and
 * given to all. Nothing is kept for a watcher that is gone: the log has it all.
 */
export function createHub({ client, streams, log, ...folding }: HubOptions) {
  const prefixes = [`${folding.streamPrefix}${ORDER.category}-`];
  /** Watchers, each with the number of its next change. */
  const watchers = new Map<Watcher, number>();
  const inTurn = createTurns(READERS_AT_ONCE);
  let starting: Promise<Following> | undefined;
  /** Changes so far, of all that this process has followed: a number is never given twice. */
  let numbered = 0;
  let joining = 0;
  let idleSince: number | undefined;
  let round: NodeJS.Timeout | undefined;
  let nextRoundAt = 0;
  const looking = setInterval(stopWhenIdle, LOOK_EVERY_MS).unref();

  return {
    /**
     * Makes sure that changes come.
     *
     * @param after where somebody wants to go on from
     * @returns where the log is now, and the number of the next change; undefined if the log has not come to `after`
     * @throws EventStoreUnavailableError
     */
    async open(after?: LogPosition): Promise<{ readonly position: LogPosition; readonly next: number } | undefined> {
      idleSince = undefined;
      const { tail } = await follow();
      const now = { position: tail.position(), next: tail.end() };
      const isThere = after === undefined || after <= now.position || after <= (await headOfLog());
      return isThere ? now : undefined;
    },

    /** Gives every change after a position, then what comes; settles once it does so, or the watcher is gone. */
    async watchAfter(position: LogPosition, watcher: Watcher): Promise<void> {
      await joinAs(watcher, async ({ tail }) => tail.after(position) ?? inTurn(() => readAfter(position, watcher)));
    },

    /** Gives every change from a number on, as `open` has told it. */
    async watchFrom(next: number, watcher: Watcher): Promise<void> {
      await joinAs(watcher, () => Promise.resolve(next));
    },

    leave: (watcher: Watcher) => void watchers.delete(watcher),

    async close(): Promise<void> {
      clearInterval(looking);
      clearTimeout(round);
      watchers.clear();
      await stop();
    },
  };

  async function joinAs(watcher: Watcher, begin: (following: Following) => Promise<number>): Promise<void> {
    joining += 1;
    try {
      const following = await follow();
      let next = await begin(following);
      for (;;) {
        if (watcher.isGone()) return;
        const changes = following.tail.slice(next, PAGE);
        if (!changes) {
          watcher.reset('too-far-behind');
          return;
        }
        if (changes.length === 0) break;
        next += changes.length;
        await watcher.catchUp(changes);
      }
      watchers.set(watcher, next); // in the turn in which there were no more
      if (!following.isUp) watcher.following(false);
    } finally {
      joining -= 1;
    }
  }

  /**
   * Reads the log from after a position until the tail has the rest.
   *
   * @returns the number of the change from which on the tail has them
   */
  async function readAfter(position: LogPosition, watcher: Watcher): Promise<number> {
    const { tail } = await follow();
    const fold = createOrderFold(folding);
    let reached = position;
    let left = MOST_RESUMED;
    try {
      for await (const { events, position: last } of readLog(client, prefixes, toPosition(position), PAGE)) {
        if (events.length > left) watcher.reset('too-far-behind');
        if (watcher.isGone()) return 0;
        left -= events.length;
        await watcher.catchUp(await fold(events));
        reached = fromPosition(last);
      }
    } catch (error) {
      await headOfLog(); // throws if it is the event store that is away
      log.warn({ err: error, position: String(position) }, 'a stream could not be resumed from there');
      watcher.reset('unknown-position');
      return 0;
    }
    const next = tail.after(reached < tail.origin ? tail.origin : reached);
    if (next === undefined) watcher.reset('too-far-behind');
    return next ?? 0;
  }

  async function follow(): Promise<Following> {
    starting ??= start().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    const following = await starting;
    await within(following.began);
    if (!following.isUp) throw new EventStoreUnavailableError('the log is not followed at present');
    return following;
  }

  async function start(): Promise<Following> {
    const head = await headOfLog();
    let fold = createOrderFold(folding);
    let begin: () => void = () => undefined;
    const began = new Promise<void>((resolve) => (begin = resolve));
    const following: Following = {
      tail: createTail(head, numbered),
      isUp: false,
      began,
      log: followLog(head, {
        client,
        streams,
        prefixes,
        log,
        async arrived(events) {
          following.tail.add(await fold(events));
          numbered = following.tail.end();
          giveSoon(following);
        },
        following(isUp) {
          if (following.isUp === isUp) return;
          following.isUp = isUp;
          if (isUp) begin();
          for (const watcher of watchers.keys()) watcher.following(isUp);
        },
        restored(end) {
          fold = createOrderFold(folding);
          following.tail = createTail(end, numbered);
          for (const watcher of watchers.keys()) watcher.reset('unknown-position');
          watchers.clear();
        },
      }),
    };
    return following;
  }

  /** In rounds: the more watchers there are, the more changes each of them gets at once. */
  function giveSoon(following: Following): void {
    round ??= setTimeout(
      () => {
        round = undefined;
        const begun = performance.now();
        give(following.tail);
        const end = performance.now();
        nextRoundAt = end + (end - begun) * (1 / LARGEST_SHARE - 1);
      },
      Math.max(0, nextRoundAt - performance.now()),
    );
  }

  function give(tail: Tail): void {
    const end = tail.end();
    const changesFrom = new Map<number, readonly Change[] | undefined>();
    for (const [watcher, next] of watchers) {
      if (next === end) continue;
      if (!changesFrom.has(next)) changesFrom.set(next, tail.slice(next));
      const changes = changesFrom.get(next);
      watchers.set(watcher, end);
      if (changes) watcher.take(changes);
      else {
        watchers.delete(watcher);
        watcher.reset('too-far-behind');
      }
    }
  }

  async function headOfLog(): Promise<LogPosition> {
    return fromPosition(await readHead(client, STORE_TIME_LIMIT_MS));
  }

  function stopWhenIdle(): void {
    if (watchers.size > 0 || joining > 0 || !starting) idleSince = undefined;
    else idleSince ??= performance.now();
    if (idleSince !== undefined && performance.now() - idleSince > LINGER_MS) void stop();
  }

  async function stop(): Promise<void> {
    const stopping = starting;
    starting = undefined;
    const following = await stopping?.catch(() => undefined); // whoever started it has the error
    await following?.log.stop();
  }
}

function within(began: Promise<void>): Promise<void> {
  return settleWithin(
    STORE_TIME_LIMIT_MS,
    began,
    () => new EventStoreUnavailableError('the log could not be followed in time'),
  );
}
