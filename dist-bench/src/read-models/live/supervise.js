import { setTimeout as delay } from 'node:timers/promises';
const BACK_OFF_MS = { first: 100, most: 2000 };
/**
 * Runs a subscription for ever: when `run` throws or returns, because a store is away or the subscription ended, it
 * backs off with jitter and runs again, until stopped.
 */
export function supervise(name, log, run) {
    const stopping = new AbortController();
    const { signal } = stopping;
    let lastError;
    let isRunning = false;
    const running = forEver();
    return {
        signal,
        lastError: () => lastError,
        isRunning: () => isRunning,
        async stop() {
            stopping.abort();
            await running;
        },
    };
    async function forEver() {
        let failures = 0;
        while (!signal.aborted) {
            try {
                await run(signal, () => {
                    failures = 0;
                    lastError = undefined;
                    isRunning = true;
                });
                lastError = 'the subscription ended';
            }
            catch (error) {
                lastError = error instanceof Error ? error.message : String(error);
                if (!isStopped())
                    log.warn({ err: error, failures }, `${name} is waiting for its stores`);
            }
            isRunning = false;
            if (isStopped())
                return;
            failures += 1;
            const ceiling = Math.min(BACK_OFF_MS.first * 2 ** failures, BACK_OFF_MS.most);
            await delay(ceiling / 2 + (Math.random() * ceiling) / 2, undefined, { signal }).catch(ignoreAbort);
        }
    }
    function isStopped() {
        return signal.aborted;
    }
}
function ignoreAbort(error) {
    if (!(error instanceof Error && error.name === 'AbortError'))
        throw error;
}
