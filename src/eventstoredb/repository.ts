import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { inStoreSpan, type Trace } from '../tracing/trace.ts';
import type { AggregateKind, DomainEvent } from './aggregates.ts';
import { decodeEventOf, type StoredEvent } from './codec.ts';
import { ConcurrencyError, StreamGoneError, UnreadableEventError } from './errors.ts';
import type { KeyedCommand, Snapshot } from './snapshot-codec.ts';
import { createSnapshotStore, type SnapshotStore } from './snapshots.ts';
import type { CommandContext, StreamStore } from './streams.ts';

/** An aggregate as loaded. A `fromCache` one may be behind its stream: only an append proves that it is not. */
export interface Loaded<State> {
  /** Undefined when there is no such aggregate. */
  readonly state: State | undefined;
  /** Of its last event; −1 when there is none. */
  readonly revision: number;
  readonly keys: ReadonlyMap<string, KeyedCommand>;
  readonly fromCache: boolean;
}

export interface AtRevision<State> {
  readonly state: State;
  readonly revision: number;
}

export interface RepositoryOptions<State> {
  readonly streams: StreamStore;
  readonly log: Logger;
  /** A snapshot is written when a save crosses a multiple of this many events. */
  readonly snapshotEvery?: number;
  readonly snapshots?: SnapshotStore<State> | undefined;
}

/** Streams up to this long are read in one go; longer ones through their snapshot. */
const FIRST_READ = 32;
/** The cache is bounded by the weight of the states too, not only by their number. */
const MOST_CACHED = { states: 10_000, weight: 100_000 };

/** The point up to which a stream is folded, and how it got there. */
type Fold<State> = Omit<Snapshot<State>, 'state'> & { readonly state: State | undefined };

const EMPTY: Fold<never> = { state: undefined, revision: -1, eventId: '', keys: new Map() };

/** An aggregate that is about to begin, for which nothing needs to be read. */
export const NEW: Loaded<never> = { ...EMPTY, fromCache: false };

/**
 * Loads the aggregates of one kind from their streams and saves the events they raised. Every save states the revision
 * that was loaded, which is what makes caching safe.
 */
export class EventSourcingRepository<State extends { readonly lastUpdated: string }, Event extends DomainEvent> {
  readonly #kind: AggregateKind<State, Event>;
  readonly #streams: StreamStore;
  readonly #log: Logger;
  readonly #snapshotEvery: number;
  readonly #snapshots: SnapshotStore<State> | undefined;
  readonly #cache: LRUCache<string, Snapshot<State>> | undefined;
  readonly #snapshotWrites = new Set<Promise<void>>();
  #isCaching = true;
  /** Grows with each eviction: what was loaded before one may be what was to be evicted. */
  #evictions = 0;

  constructor(kind: AggregateKind<State, Event>, options: RepositoryOptions<State>) {
    const { streams, log, snapshotEvery = Number.POSITIVE_INFINITY } = options;
    this.#kind = kind;
    this.#streams = streams;
    this.#log = log;
    this.#snapshotEvery = snapshotEvery;
    this.#snapshots =
      options.snapshots ?? (kind.snapshots && createSnapshotStore(streams, kind.category, kind.snapshots));
    const { cacheWeight } = kind;
    this.#cache =
      cacheWeight &&
      new LRUCache({
        max: MOST_CACHED.states,
        maxSize: MOST_CACHED.weight,
        sizeCalculation: ({ state }) => cacheWeight(state),
      });
  }

  /**
   * The aggregate, perhaps from the cache.
   *
   * @throws StreamGoneError, EventStoreUnavailableError, UnreadableEventError
   */
  async getById(id: string, trace?: Trace): Promise<Loaded<State>> {
    const cached = this.#isCaching ? this.#cache?.get(id) : undefined;
    return cached ? { ...cached, fromCache: true } : this.getFresh(id, trace);
  }

  /**
   * The aggregate as the event store has it now.
   *
   * @throws StreamGoneError, EventStoreUnavailableError, UnreadableEventError
   */
  async getFresh(id: string, trace?: Trace): Promise<Loaded<State>> {
    this.#cache?.delete(id);
    const evictions = this.#evictions;
    const fold = await this.#load(id, undefined, trace);
    if (exists(fold)) this.#remember(id, fold, evictions);
    return { ...fold, fromCache: false };
  }

  /**
   * Appends the events that were raised on a loaded aggregate, at its revision.
   *
   * A command with an idempotency key reads its events back: the store answers a repeated append like the first one,
   * and then the times of the first one are the true ones.
   *
   * @returns the aggregate as stored
   * @throws ConcurrencyError, StreamGoneError, EventStoreUnavailableError
   */
  async save(
    id: string,
    loaded: Pick<Loaded<State>, 'state' | 'revision' | 'keys'>,
    events: readonly Event[],
    context: CommandContext,
  ): Promise<AtRevision<State>> {
    const stream = this.#streamOf(id);
    this.#cache?.delete(id);
    const evictions = this.#evictions;
    const { revision, eventId } = await this.#streams.append(stream, loaded.revision, events, context);
    const stored: Fold<State> =
      context.idempotencyKey === undefined
        ? { state: events.reduce(this.#kind.evolve, loaded.state), revision, eventId, keys: loaded.keys }
        : await this.#load(id, revision, context.trace);
    if (!exists(stored)) throw new ConcurrencyError(`${stream} was deleted meanwhile`);
    this.#remember(id, stored, evictions);
    const crossed = (last: number) => Math.floor((last + 1) / this.#snapshotEvery);
    if (crossed(loaded.revision) < crossed(revision)) this.#writeSnapshot(id, stored);
    return stored;
  }

  /** The aggregate right after the event at `revision`; undefined when the stream does not reach it. */
  async atRevision(id: string, revision: number, trace?: Trace): Promise<AtRevision<State> | undefined> {
    const fold = await this.#load(id, revision, trace);
    return exists(fold) && fold.revision === revision ? fold : undefined;
  }

  /**
   * The aggregate as it was at a moment, events of that very millisecond included.
   *
   * @param time milliseconds since 1970
   */
  async asOf(id: string, time: number): Promise<AtRevision<State> | undefined> {
    const isDue = ({ lastUpdated }: State) => Date.parse(lastUpdated) <= time;
    const snapshot = await this.#usableSnapshot(id);
    const base = snapshot && isDue(snapshot.state) ? snapshot : EMPTY;
    if (base !== EMPTY) await this.#read(id, 0, 1);
    const fold = this.#foldAll(base, await this.#read(id, base.revision + 1), isDue);
    return exists(fold) ? fold : undefined;
  }

  /** Every event of the aggregate, oldest first; none when there is no such aggregate. */
  async history(id: string): Promise<StoredEvent<Event>[]> {
    return this.#read(id, 0);
  }

  /** Folds the whole stream and writes its snapshot anew; false when there is no such aggregate. */
  async rebuildSnapshot(id: string): Promise<boolean> {
    const fold = this.#foldAll(EMPTY, await this.#read(id, 0));
    if (!exists(fold)) return false;
    await this.#snapshots?.write(id, fold);
    return true;
  }

  /** Forgets a cached aggregate, whose stream may have been deleted. */
  evict(id: string): void {
    this.#evictions += 1;
    this.#cache?.delete(id);
  }

  /** Begins with an empty cache, or uses none while nobody says what to evict. */
  cacheAnew(isCaching: boolean): void {
    this.#evictions += 1;
    this.#cache?.clear();
    this.#isCaching = isCaching;
  }

  /** Waits for the snapshots under way. */
  async close(): Promise<void> {
    await Promise.all(this.#snapshotWrites);
  }

  #remember(id: string, fold: Snapshot<State>, evictions: number): void {
    if (evictions === this.#evictions) this.#cache?.set(id, fold);
  }

  #streamOf(id: string): string {
    return this.#streams.streamOf(this.#kind.category, id);
  }

  /** @throws StreamGoneError when the stream should begin here and does not any more */
  async #read(id: string, from: number, maxCount?: number): Promise<StoredEvent<Event>[]> {
    const stream = this.#streamOf(id);
    const recorded = await this.#streams.readRecorded(stream, { from, ...(maxCount !== undefined && { maxCount }) });
    if (from === 0 && (await this.#streams.isGone(stream, recorded[0]))) throw new StreamGoneError(stream);
    return recorded.map((event) => decodeEventOf(this.#kind, event));
  }

  #load(id: string, upTo?: number, trace?: Trace): Promise<Fold<State>> {
    return inStoreSpan(trace, 'eventstoredb', 'load', this.#kind.category, () => this.#foldStream(id, upTo));
  }

  /** Folds up to `upTo` (inclusive) or the end: a short stream in one read, a long one from its snapshot on. */
  async #foldStream(id: string, upTo = Number.MAX_SAFE_INTEGER): Promise<Fold<State>> {
    const wanted = upTo + 1;
    const first = await this.#read(id, 0, Math.min(FIRST_READ, wanted));
    const start = this.#foldAll(EMPTY, first);
    if (first.length < FIRST_READ || first.length === wanted) return start;
    const snapshot = await this.#usableSnapshot(id);
    const base = snapshot && snapshot.revision > start.revision && snapshot.revision <= upTo ? snapshot : start;
    const fold = this.#foldAll(base, await this.#read(id, base.revision + 1, upTo - base.revision));
    const isSnapshotMissing = !snapshot && upTo === Number.MAX_SAFE_INTEGER && fold.revision + 1 >= this.#snapshotEvery;
    if (isSnapshotMissing && exists(fold)) this.#writeSnapshot(id, fold);
    return fold;
  }

  /**
   * Folds events in, up to the first that leads to a state that is not wanted.
   *
   * @throws UnreadableEventError that says where an event is stored, when it cannot follow those before it
   */
  #foldAll(
    base: Fold<State>,
    events: readonly StoredEvent<Event>[],
    isWanted: (state: State) => boolean = () => true,
  ): Fold<State> {
    let { state, revision, eventId } = base;
    let keys: Map<string, KeyedCommand> | undefined;
    for (const stored of events) {
      const next = this.#evolve(state, stored);
      if (!isWanted(next)) break;
      state = next;
      ({ revision, id: eventId } = stored);
      const { idempotencyKey, requestHash, caller } = stored.metadata;
      if (idempotencyKey === undefined || requestHash === undefined) continue;
      keys ??= new Map(base.keys);
      keys.set(keyOf(idempotencyKey, caller), { requestHash, lastRevision: revision });
    }
    return { state, revision, eventId, keys: keys ?? base.keys };
  }

  #evolve(state: State | undefined, { event, stream, revision, metadata }: StoredEvent<Event>): State {
    try {
      return this.#kind.evolve(state, event);
    } catch (error) {
      const where = `${event.type} v${metadata.schemaVersion ?? 1} at revision ${revision} of ${stream}`;
      throw new UnreadableEventError(`${where} cannot follow the events before it`, { cause: error });
    }
  }

  /** A snapshot that is ahead of its stream, or of another one of the same name, is not used. */
  async #usableSnapshot(id: string): Promise<Snapshot<State> | undefined> {
    const snapshot = await this.#snapshots?.read(id);
    if (!snapshot) return undefined;
    const { revision } = snapshot;
    const [event] = await this.#streams.readRecorded(this.#streamOf(id), { from: revision, maxCount: 1 });
    return event?.id === snapshot.eventId && Number(event.revision) === revision ? snapshot : undefined;
  }

  /** A snapshot only saves time: a failed one is logged, and the command that was due to write it has succeeded. */
  #writeSnapshot(id: string, snapshot: Snapshot<State>): void {
    if (!this.#snapshots) return;
    const writing = this.#snapshots
      .write(id, snapshot)
      .catch((error: unknown) => this.#log.warn({ err: error, stream: this.#streamOf(id) }, 'snapshot not written'))
      .finally(() => this.#snapshotWrites.delete(writing));
    this.#snapshotWrites.add(writing);
  }
}

/** A key as the key of its caller, where callers are told apart; neither has a line break in it. */
export function keyOf(idempotencyKey: string, caller: string | undefined): string {
  return caller === undefined ? idempotencyKey : `${caller}\n${idempotencyKey}`;
}

function exists<State>(fold: Fold<State>): fold is Snapshot<State> {
  return fold.state !== undefined;
}
