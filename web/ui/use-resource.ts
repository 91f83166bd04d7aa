import { useCallback, useEffect, useState } from 'preact/hooks';
import { isPassing, Problem } from '../api/client.ts';

/** What was asked for: what is there of it, and what went wrong the last time. */
export interface Resource<T> {
  /** The last one that came; kept while the next is on its way, and when that fails. */
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

const ASK_AGAIN_AFTER_MS = 3000;

/**
 * Asks for something, anew whenever `key` changes; a request that was overtaken is aborted. While the service is away
 * or busy, it is asked again by itself.
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [attempt, setAttempt] = useState(0);
  const [found, setFound] = useState<Omit<Resource<T>, 'reload'>>({
    value: undefined,
    problem: undefined,
    isLoading: true,
  });

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setFound((before) => ({ ...before, isLoading: true }));
    load(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setFound({ value, problem: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (!(error instanceof Problem)) console.error(error);
        const problem = error instanceof Problem ? error : new Problem(0, { detail: 'The page has a mistake.' });
        setFound((before) => ({ ...before, problem, isLoading: false }));
        if (!isPassing(error)) return;
        timer = setTimeout(() => setAttempt((count) => count + 1), Math.max(error.retryAfterMs, ASK_AGAIN_AFTER_MS));
      },
    );
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, attempt]);

  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...found, reload };
}
