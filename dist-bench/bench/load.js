/**
 * Loads a long order through its snapshot, by replaying it whole, and a short one, in turns, and checks that snapshot
 * and replay give the same order. Ends with 1 when a target is missed.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { PizzaOrder } from "../src/domain/pizza-order.js";
import { EventSourcingRepository } from "../src/eventstoredb/repository.js";
import { createSnapshotStore } from "../src/eventstoredb/snapshots.js";
import { createStreamStore } from "../src/eventstoredb/streams.js";
import { PLACE_BODY } from "./fill.js";
import { spreadOf } from "./statistics.js";
import { openStores } from "./stores.js";
const LONG = 10_000;
const SHORT = 50;
const SNAPSHOT_EVERY = 100;
/** Of a stream whose snapshot is as far behind as it can be. */
const FURTHEST_BEHIND = LONG + SNAPSHOT_EVERY - 1;
const ROUNDS = 31;
const WARM_UP_ROUNDS = 5;
const TIME_LIMIT_MS = 20_000;
const dir = mkdtempSync(join(tmpdir(), 'pizzeria-load-'));
const stores = await openStores(dir);
try {
    if (!(await measure()))
        process.exitCode = 1;
}
finally {
    await stores.close();
    rmSync(dir, { recursive: true, force: true });
}
process.exit();
async function measure() {
    const client = stores.eventStore;
    const log = pino({ level: 'warn' });
    const streams = createStreamStore({ client, streamPrefix: stores.streamPrefix, timeLimitMs: TIME_LIMIT_MS });
    const none = { read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
    const repositoryOf = (snapshots) => new EventSourcingRepository({ streams, snapshots, snapshotEvery: SNAPSHOT_EVERY, log });
    const withSnapshots = repositoryOf(createSnapshotStore(streams));
    const withoutSnapshots = repositoryOf(none);
    console.log(`writing orders of ${SHORT}, ${LONG} and ${FURTHEST_BEHIND} events`);
    const short = await write(withSnapshots, SHORT);
    const long = await write(withSnapshots, LONG);
    const behind = await write(withSnapshots, FURTHEST_BEHIND);
    await withSnapshots.close(); // of the snapshots under way
    const loads = {
        short: () => withSnapshots.getFresh(short),
        long: () => withSnapshots.getFresh(long),
        behind: () => withSnapshots.getFresh(behind),
        replay: () => withoutSnapshots.getFresh(long),
    };
    const times = { short: [], long: [], behind: [], replay: [] };
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
        for (const [name, load] of Object.entries(loads)) {
            const start = performance.now();
            await load();
            if (round >= 0)
                times[name].push(performance.now() - start);
        }
    }
    const spreads = {
        short: spreadOf(times.short),
        long: spreadOf(times.long),
        behind: spreadOf(times.behind),
        replay: spreadOf(times.replay),
    };
    console.log('loading, milliseconds');
    row(`${SHORT} events`, spreads.short);
    row(`${LONG} events through the snapshot`, spreads.long);
    row(`${FURTHEST_BEHIND} events, snapshot ${SNAPSHOT_EVERY - 1} behind`, spreads.behind);
    row(`${LONG} events, all replayed`, spreads.replay);
    const [snapshot, replay] = [await loads.long(), await loads.replay()];
    return [
        check(`snapshot to ${SHORT} events`, spreads.long.median / spreads.short.median, '≤ 3', (ratio) => ratio <= 3),
        check('replay to snapshot', spreads.replay.median / spreads.long.median, '≥ 20', (ratio) => ratio >= 20),
        checkEqual(snapshot?.order, replay?.order),
    ].every(Boolean);
}
/** An order whose status goes to and fro, saved a hundred events at a time. */
async function write(repository, events) {
    const at = new Date().toISOString();
    const order = PizzaOrder.place({ ...PLACE_BODY, orderId: randomUUID(), currency: 'USD' }, at);
    const context = () => {
        const commandId = randomUUID();
        return { commandId, correlationId: commandId, actor: 'bench' };
    };
    for (let count = 1; count < events; count += 1) {
        if (count % SNAPSHOT_EVERY === 0)
            await repository.save({ order, keys: new Map() }, context());
        order.changeStatus({ status: order.state.status === 'COOKING' ? 'READY' : 'COOKING' }, at);
    }
    await repository.save({ order, keys: new Map() }, context());
    return order.state.id;
}
function row(what, { median, least, most }) {
    console.log(`  ${what.padEnd(42)} ${median.toFixed(2).padStart(8)} (${least.toFixed(2)}–${most.toFixed(2)})`);
}
function check(what, ratio, target, isGood) {
    console.log(`${what}: ${ratio.toFixed(2)} × (target ${target} ×): ${isGood(ratio) ? 'met' : 'missed'}`);
    return isGood(ratio);
}
function checkEqual(snapshot, replay) {
    const isEqual = snapshot?.version === LONG && replay?.version === LONG && isDeepStrictEqual(snapshot.state, replay.state);
    console.log(`the states through snapshot and replay are ${isEqual ? 'deeply equal' : 'different'}`);
    return isEqual;
}
