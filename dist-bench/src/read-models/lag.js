import { readLog } from "./log-reader.js";
/** So many are counted: more would take long, and be another number by then. */
const MOST_COUNTED = 1000;
/** Of the time, for looking how much there is to do. */
const LARGEST_SHARE = 0.05;
/**
 * Counts what the log has after a position. A large lag is told again until twenty times as long as counting took has
 * passed, within a second or so: whoever asks often does not slow down what is behind already.
 *
 * @returns counts the events wanted after a position, given that of the log's end; undefined: from its beginning
 */
export function createLagMeter(client, prefixes) {
    let last;
    return async (from, head) => {
        if (!last || performance.now() >= last.until)
            last = await measure(from, head);
        const { events, oldest } = last;
        return { events, seconds: oldest ? Math.max(0, (Date.now() - oldest.getTime()) / 1000) : 0 };
    };
    async function measure(from, head) {
        const start = performance.now();
        let events = 0;
        let oldest;
        for await (const page of readLog(client, prefixes, from, MOST_COUNTED)) {
            events += page.events.length;
            oldest ??= page.events[0]?.created;
            if (page.events.length < MOST_COUNTED)
                break;
            const end = performance.now();
            const share = shareOf(from, page.position, head);
            return { events: Math.round(events / share), oldest, until: end + (end - start) / LARGEST_SHARE };
        }
        return { events, oldest, until: start };
    }
}
/** How much of the log between a position and its end lies before another position: at most 1. */
function shareOf(from, to, head) {
    const start = Number(from?.commit ?? 0n);
    const whole = Number(head?.commit ?? to.commit) - start;
    return whole > 0 ? Math.min(1, (Number(to.commit) - start) / whole) : 1;
}
