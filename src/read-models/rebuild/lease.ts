import { randomUUID } from 'node:crypto';
import type { Collection, Db } from 'mongodb';
import { inOneStep, type StoredPosition } from '../database.ts';
import { isDuplicateKey } from '../errors.ts';

/** How far a rebuild has come; stored with the read models, so that any process can resume it. */
export interface RebuildState {
  /** `rebuild:{name}` */
  readonly _id: string;
  /** Version of the documents it makes. */
  readonly version: number;
  /** `swapping`: the new collection is complete, and is replacing or has replaced the old one. */
  readonly phase: 'filling' | 'swapping' | 'done' | 'failed';
  /** The process that works on it; null if it was interrupted in an orderly way. */
  readonly owner: string | null;
  readonly heartbeat: Date;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  /** Position of the last event projected. */
  readonly position: StoredPosition | null;
  /** Commit position of the log's end when it began. */
  readonly head: string;
  /** Events projected. */
  readonly events: number;
  /** Documents begun in these events: there must be as many. */
  readonly streams: number;
  /** Documents counted when the new collection was complete. */
  readonly documents: number;
  readonly error: string | null;
}

export type RebuildChanges = Partial<Omit<RebuildState, '_id' | 'owner' | 'heartbeat'>>;

/** The right to work on one rebuild. It lapses when its holder gives no sign of life for `LEASE_MS`. */
export interface Lease {
  state(): RebuildState;
  /** @throws LeaseLostError */
  save(changes: RebuildChanges): Promise<void>;
  /** Lets another process take over at once. */
  release(): Promise<void>;
}

/** Another process has taken over the rebuild, because this one gave no sign of life. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Processes must agree on the time to within a few seconds. */
export const LEASE_MS = 10_000;
const HEARTBEAT_EVERY_MS = 2000;

export function rebuildStates(db: Db): Collection<RebuildState> {
  return db.collection('projections');
}

export function rebuildId(name: string): string {
  return `rebuild:${name}`;
}

export function isUnfinished({ phase }: RebuildState): boolean {
  return phase === 'filling' || phase === 'swapping';
}

/** Whether a process is working on it. A heartbeat far ahead is one of before the clock was set back. */
export function isHeld({ owner, heartbeat }: RebuildState): boolean {
  return owner !== null && Math.abs(Date.now() - heartbeat.getTime()) < LEASE_MS;
}

/**
 * Takes the right to work on a rebuild. An interrupted one is resumed; else a new one begins.
 *
 * @param fresh what a new one begins with
 * @returns undefined while another process holds it
 */
export async function acquireLease(
  states: Collection<RebuildState>,
  fresh: Pick<RebuildState, '_id' | 'version' | 'head'>,
): Promise<Lease | undefined> {
  const { _id } = fresh;
  const found = await inOneStep(states.findOne({ _id }));
  if (found && isUnfinished(found) && isHeld(found)) return undefined;
  const owner = randomUUID();
  const now = new Date();
  const goesOn = found && isUnfinished(found) && found.version === fresh.version;
  const state: RebuildState = goesOn ? { ...found, owner, heartbeat: now } : begun(fresh, owner, now);
  if (found) {
    const { owner: before, heartbeat } = found;
    const taken = await inOneStep(states.replaceOne({ _id, owner: before, heartbeat }, state));
    return taken.matchedCount === 1 ? hold(states, state, owner) : undefined;
  }
  try {
    await inOneStep(states.insertOne(state));
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
  return hold(states, state, owner);
}

function begun(fresh: Pick<RebuildState, '_id' | 'version' | 'head'>, owner: string, now: Date): RebuildState {
  return {
    ...fresh,
    phase: 'filling',
    owner,
    heartbeat: now,
    startedAt: now,
    finishedAt: null,
    position: null,
    events: 0,
    streams: 0,
    documents: 0,
    error: null,
  };
}

function hold(states: Collection<RebuildState>, begin: RebuildState, owner: string): Lease {
  let state = begin;
  const { _id } = begin;
  const beat = setInterval(() => {
    // If heartbeats fail, the lease lapses; the next save finds out.
    states.updateOne({ _id, owner }, { $set: { heartbeat: new Date() } }).catch(() => undefined);
  }, HEARTBEAT_EVERY_MS).unref();

  return {
    state: () => state,
    async save(changes) {
      const heartbeat = new Date();
      const update = { $set: { ...changes, heartbeat } };
      const { matchedCount } = await inOneStep(states.updateOne({ _id, owner }, update));
      if (matchedCount === 0) throw new LeaseLostError(`another process has taken over ${_id}`);
      state = { ...state, ...changes, heartbeat };
    },
    async release() {
      clearInterval(beat);
      await inOneStep(states.updateOne({ _id, owner }, { $set: { owner: null } }));
    },
  };
}
