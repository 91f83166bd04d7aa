import { LRUCache } from 'lru-cache';
import { occurredAt } from "../domain/events.js";
import { evolve } from "../domain/order-state.js";
import { PizzaOrder } from "../domain/pizza-order.js";
import { applyStored } from "./apply.js";
import { decodeOrderEvent } from "./codec.js";
import { ConcurrencyError } from "./errors.js";
export const ORDER_CATEGORY = 'PizzaOrder';
/** Streams up to this long are read in one go; longer ones through their snapshot. */
const FIRST_READ = 32;
/** Bounds the cache by what it holds, order lines, not only by entries. */
const MOST_CACHED_LINES = 100_000;
const DEFAULT_CACHE_SIZE = 10_000;
/** Of an order that no command with an idempotency key has changed. */
export const NO_KEYS = new Map();
const EMPTY = { state: undefined, revision: -1, eventId: '', keys: NO_KEYS };
/**
 * Loads `PizzaOrder` aggregates from their streams and saves what they raised. Every save states the revision that
 * was loaded. Recently used orders are cached; the expected revision makes that safe.
 */
export class EventSourcingRepository {
    #streams;
    #snapshots;
    #snapshotEvery;
    #log;
    #cache;
    #snapshotWrites = new Set();
    constructor({ streams, snapshots, snapshotEvery, log, cacheSize = DEFAULT_CACHE_SIZE }) {
        this.#streams = streams;
        this.#snapshots = snapshots;
        this.#snapshotEvery = snapshotEvery;
        this.#log = log;
        this.#cache = new LRUCache({
            max: cacheSize,
            maxSize: MOST_CACHED_LINES,
            sizeCalculation: ({ state }) => Math.max(1, state.items.length),
        });
    }
    /** The order, perhaps from the cache; undefined when there is none. */
    async getById(orderId) {
        const cached = this.#cache.get(orderId);
        if (cached)
            return { order: PizzaOrder.from(cached.state, cached.revision + 1), keys: cached.keys, fromCache: true };
        return this.getFresh(orderId);
    }
    /**
     * The order as the event store has it now.
     *
     * @throws EventStoreUnavailableError, UnreadableEventError
     */
    async getFresh(orderId) {
        this.#cache.delete(orderId);
        const fold = await this.#load(orderId);
        if (fold.state === undefined)
            return undefined;
        this.#remember(orderId, { ...fold, state: fold.state });
        return { order: PizzaOrder.from(fold.state, fold.revision + 1), keys: fold.keys, fromCache: false };
    }
    /**
     * Appends what the order raised, at the revision it was loaded at, and marks it committed.
     *
     * A command with an idempotency key reads its events back: the store answers a repeated append like the first
     * one, and then the first one's times are the true ones.
     *
     * @returns the order as stored
     * @throws ConcurrencyError, EventStoreUnavailableError
     */
    async save({ order, keys }, context) {
        const { state, version, uncommittedEvents } = order;
        const expected = version - uncommittedEvents.length - 1;
        const stream = this.#streams.streamOf(ORDER_CATEGORY, state.id);
        this.#cache.delete(state.id);
        const { revision, eventId } = await this.#streams.append(stream, expected, uncommittedEvents, context);
        order.markEventsAsCommitted();
        const stored = context.idempotencyKey === undefined ? { state, revision, eventId, keys } : await this.#load(state.id, revision);
        if (stored.state === undefined)
            throw new ConcurrencyError(`${stream} was deleted meanwhile`);
        const saved = { ...stored, state: stored.state };
        this.#remember(state.id, saved);
        const crossed = (count) => Math.floor(count / this.#snapshotEvery);
        if (crossed(expected + 1) < crossed(revision + 1))
            this.#writeSnapshot(saved);
        return saved;
    }
    /** The order right after the event at `revision`; undefined when the stream does not reach it. */
    async atRevision(orderId, revision) {
        const fold = await this.#load(orderId, revision);
        return fold.state && fold.revision === revision ? { state: fold.state, revision } : undefined;
    }
    /**
     * The order as it was at a moment, events of that very millisecond included.
     *
     * @param time milliseconds since 1970
     */
    async asOf(orderId, time) {
        const snapshot = await this.#usableSnapshot(orderId);
        const isBefore = snapshot && Date.parse(snapshot.state.lastUpdated) <= time;
        const base = isBefore ? snapshot : EMPTY;
        const events = await this.#readOrder(orderId, base.revision + 1);
        const end = events.findIndex(({ event }) => Date.parse(occurredAt(event)) > time);
        const fold = foldAll(base, end < 0 ? events : events.slice(0, end));
        return fold.state && { state: fold.state, revision: fold.revision };
    }
    /** Every event of the order, oldest first; none when there is no such order. */
    async history(orderId) {
        return this.#readOrder(orderId, 0);
    }
    /** Folds the whole stream and writes its snapshot anew; false when there is no such order. */
    async rebuildSnapshot(orderId) {
        const fold = foldAll(EMPTY, await this.#readOrder(orderId, 0));
        if (fold.state === undefined)
            return false;
        await this.#snapshots.write(orderId, { ...fold, state: fold.state });
        return true;
    }
    /** Waits for the snapshots under way. */
    async close() {
        await Promise.all(this.#snapshotWrites);
    }
    async #readOrder(orderId, from, maxCount) {
        const stream = this.#streams.streamOf(ORDER_CATEGORY, orderId);
        const recorded = await this.#streams.readRecorded(stream, { from, ...(maxCount !== undefined && { maxCount }) });
        return recorded.map(decodeOrderEvent);
    }
    /** Folds up to `upTo` (inclusive) or the end: a short stream in one read, a long one from its snapshot on. */
    async #load(orderId, upTo = Number.MAX_SAFE_INTEGER) {
        const wanted = upTo + 1;
        const first = await this.#readOrder(orderId, 0, Math.min(FIRST_READ, wanted));
        const start = foldAll(EMPTY, first);
        if (first.length < FIRST_READ || first.length === wanted)
            return start;
        const snapshot = await this.#usableSnapshot(orderId);
        const base = snapshot && snapshot.revision > start.revision && snapshot.revision <= upTo ? snapshot : start;
        const rest = await this.#readOrder(orderId, base.revision + 1, upTo - base.revision);
        const fold = foldAll(base, rest);
        const isSnapshotMissing = !snapshot && upTo === Number.MAX_SAFE_INTEGER && fold.revision + 1 >= this.#snapshotEvery;
        if (isSnapshotMissing && fold.state)
            this.#writeSnapshot({ ...fold, state: fold.state });
        return fold;
    }
    /** A snapshot that is ahead of its stream, or of another one of the same name, is not used. */
    async #usableSnapshot(orderId) {
        const snapshot = await this.#snapshots.read(orderId);
        if (!snapshot)
            return undefined;
        const stream = this.#streams.streamOf(ORDER_CATEGORY, orderId);
        const [event] = await this.#streams.readRecorded(stream, { from: snapshot.revision, maxCount: 1 });
        return event?.id === snapshot.eventId && Number(event.revision) === snapshot.revision ? snapshot : undefined;
    }
    #remember(orderId, { state, revision, keys }) {
        this.#cache.set(orderId, { state, revision, keys });
    }
    /** A snapshot only saves time: a failed one is logged, and the command that was due to write it has succeeded. */
    #writeSnapshot(snapshot) {
        const orderId = snapshot.state.id;
        const writing = this.#snapshots
            .write(orderId, snapshot)
            .catch((error) => this.#log.warn({ err: error, orderId }, 'snapshot not written'))
            .finally(() => this.#snapshotWrites.delete(writing));
        this.#snapshotWrites.add(writing);
    }
}
function foldAll(base, events) {
    let { state, revision, eventId } = base;
    let keys;
    for (const stored of events) {
        state = applyStored(evolve, state, stored);
        ({ revision, id: eventId } = stored);
        const { idempotencyKey, requestHash } = stored.metadata;
        if (idempotencyKey === undefined || requestHash === undefined)
            continue;
        keys ??= new Map(base.keys);
        keys.set(idempotencyKey, { requestHash, lastRevision: revision });
    }
    return { state, revision, eventId, keys: keys ?? base.keys };
}
