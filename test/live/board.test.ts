import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBoard } from '../../src/live/board.ts';
import { ReadModelsUnavailableError } from '../../src/read-models/errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('the board, while a store does not answer, fails within its time limit, also for who waits for the next read', async () => {
  const board = createBoard({
    database: {} as never,
    admin: { projectedTo: () => new Promise(() => undefined) },
    timeLimitMs: 1000,
  });
  const failed: string[] = [];
  const ask = (name: string) =>
    board().catch((error: unknown) => {
      expect(error).toBeInstanceOf(ReadModelsUnavailableError);
      failed.push(name);
    });
  void ask('first');
  await vi.advanceTimersByTimeAsync(100);
  void ask('second');
  await vi.advanceTimersByTimeAsync(900);
  expect(failed).toEqual(['first']);
  await vi.advanceTimersByTimeAsync(100);
  expect(failed).toEqual(['first', 'second']);
});
