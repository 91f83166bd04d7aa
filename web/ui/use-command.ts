import { useRef } from 'preact/hooks';
import { Problem } from '../api/client.ts';

/** A random text for `Idempotency-Key`. `crypto.randomUUID` is not there on plain http of another machine. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Gives a command the same idempotency key until its outcome is known: pressed again after a lost answer, it is still
 * done once.
 *
 * @param intention what is to be done, as a text; another one gets another key
 */
export function useCommand<T>(run: (key: string) => Promise<T>): (intention: string) => Promise<T> {
  const pending = useRef<{ intention: string; key: string } | undefined>(undefined);
  return async (intention) => {
    if (pending.current?.intention !== intention) pending.current = { intention, key: newKey() };
    try {
      const done = await run(pending.current.key);
      pending.current = undefined;
      return done;
    } catch (error) {
      // After 5xx, or none, the answer may have been lost: what was asked for may be done.
      if (error instanceof Problem && error.status >= 400 && error.status < 500) pending.current = undefined;
      throw error;
    }
  };
}
