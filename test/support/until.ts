import { setTimeout as delay } from 'node:timers/promises';

/** In milliseconds; a mutant that makes a test wait is killed sooner. */
const DEADLINE_MS = Number(process.env.TEST_DEADLINE_MS ?? 120_000);

/**
 * Waits for a condition, looking again every few milliseconds; the deadline only ends a test that has failed.
 *
 * @returns the first truthy value
 * @throws Error that names the condition when it does not come true in time
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<NonNullable<T>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`in ${deadlineMs} ms it did not come true that ${what}`);
    await delay(5);
  }
}
