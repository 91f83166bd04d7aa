import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onSignals } from '../src/signals.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => {
  vi.useRealTimers();
  for (const name of ['SIGINT', 'SIGHUP']) process.removeAllListeners(name);
});

test('Ctrl-C, which npm hands on as well, is one; a later one ends at once', () => {
  const said: string[] = [];
  onSignals(
    ['SIGINT', 'SIGHUP'],
    () => said.push('first'),
    () => said.push('again'),
  );
  process.emit('SIGINT');
  process.emit('SIGHUP');
  vi.advanceTimersByTime(900);
  process.emit('SIGINT');
  expect(said).toEqual(['first']);
  vi.advanceTimersByTime(200);
  process.emit('SIGINT');
  expect(said).toEqual(['first', 'again']);
});
