import { createServer, } from 'node:http';
import { createRefusals } from "./refusals.js";
/** On a saturated event loop, more at once make none of them faster and each of them dearer. */
const MOST_AT_WORK = 64;
/** Of those in line, when nothing ends meanwhile. */
const LOOK_AGAIN_MS = 100;
/**
 * A server that refuses at once, with Retry-After, the requests beyond the limit: a queue without an end would make
 * every answer late and save none. Of those within it, only some are worked on at the same time while the event loop
 * is what they queue for; the others wait in a line that costs nothing. Both come before the framework sees a request.
 */
export function createAdmittingServer(options, handle, { maxInFlight, isStalled, ...others }) {
    const { pressure } = others;
    const refuse = createRefusals(others);
    const line = new Map();
    let isTaking = false;
    let lookAgain;
    return createServer(options, (request, response) => {
        if (isHealth(request.url ?? ''))
            return handle(request, response);
        if (pressure.requests >= maxInFlight || isStalled())
            return refuse(request, response);
        pressure.requestBegins();
        response.once('close', () => {
            pressure.requestEnds();
            line.delete(response);
            if (line.size > 0)
                takeSoon();
        });
        if (line.size === 0 && isRoom())
            return handle(request, response);
        line.set(response, request);
        lookAgainLater();
    });
    /** Together with all that have room now: appends that are made together leave together. */
    function takeSoon() {
        if (isTaking)
            return;
        isTaking = true;
        setImmediate(takeNext);
    }
    function takeNext() {
        isTaking = false;
        while (line.size > 0 && isRoom()) {
            const [[response, request] = []] = line;
            if (!response || !request)
                break;
            line.delete(response);
            handle(request, response);
        }
        if (line.size > 0)
            lookAgainLater();
    }
    function lookAgainLater() {
        lookAgain ??= setTimeout(() => {
            lookAgain = undefined;
            takeSoon();
        }, LOOK_AGAIN_MS).unref();
    }
    /** Requests that wait for a store on an idle event loop keep nobody from being worked on. */
    function isRoom() {
        return pressure.requests - line.size < MOST_AT_WORK || !pressure.isHigh();
    }
}
/** Busy is not dead: a liveness probe that is refused would have the service restarted just when it is needed. */
export function isHealth(url) {
    return url.startsWith('/health/');
}
