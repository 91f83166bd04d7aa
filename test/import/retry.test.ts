import { describe, expect, it, vi } from 'vitest';
import { createRetry, StoreAwayError } from '../../src/import/retry.ts';

const AWAY = new Error('away');

function setUp(patienceMs: number) {
  const interrupt = new AbortController();
  const onAway = vi.fn();
  const isUnavailable = (error: unknown) => error === AWAY;
  return { interrupt, onAway, retry: createRetry({ patienceMs, signal: interrupt.signal, isUnavailable, onAway }) };
}

describe('a call', () => {
  it('to a store that comes back is made again, and one notice is given', async () => {
    const { retry, onAway } = setUp(10_000);
    const call = vi.fn().mockRejectedValueOnce(AWAY).mockRejectedValueOnce(AWAY).mockResolvedValue('answer');
    expect(await retry(call)).toBe('answer');
    expect(call).toHaveBeenCalledTimes(3);
    expect(onAway).toHaveBeenCalledTimes(1);
  });

  it('to a store that stays away ends when patience does', async () => {
    const { retry } = setUp(150);
    await expect(retry(() => Promise.reject(AWAY))).rejects.toThrow(StoreAwayError);
  });

  it('to a store that is away, of a run that is interrupted, says nothing of waiting', async () => {
    const { retry, interrupt, onAway } = setUp(3_600_000);
    interrupt.abort();
    await expect(retry(() => Promise.reject(AWAY))).rejects.toThrow();
    expect(onAway).not.toHaveBeenCalled();
  });

  it('that the store refuses is not made again', async () => {
    const { retry, onAway } = setUp(10_000);
    const refusal = new Error('refused');
    const call = vi.fn().mockRejectedValue(refusal);
    await expect(retry(call)).rejects.toBe(refusal);
    expect(call).toHaveBeenCalledTimes(1);
    expect(onAway).not.toHaveBeenCalled();
  });

  it('that waits for a store ends at once when the run is interrupted', async () => {
    const { retry, interrupt } = setUp(3_600_000);
    const waiting = retry(() => Promise.reject(AWAY));
    interrupt.abort();
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }) as Error);
  });
});
