import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onInterrupt } from '../src/interrupts.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => {
  vi.useRealTimers();
  process.removeAllListeners('SIGINT');
});

test('Ctrl-C, which npm hands on as well, is one; a later one ends at once', () => {
  const said: string[] = [];
  onInterrupt(
    () => said.push('first'),
    () => said.push('again'),
  );
  process.emit('SIGINT');
  process.emit('SIGINT');
  vi.advanceTimersByTime(900);
  process.emit('SIGINT');
  expect(said).toEqual(['first']);
  vi.advanceTimersByTime(200);
  process.emit('SIGINT');
  expect(said).toEqual(['first', 'again']);
});
