import { expect, test } from 'vitest';
import { makeRoom } from '../../src/read-models/live/pacing.ts';

const { signal } = new AbortController();

test('a pause, with nothing more urgent, is none', async () => {
  let looks = 0;
  await makeRoom(100_000, () => ((looks += 1), false), signal);
  expect(looks).toBe(1);
});

test('a pause, ends as soon as nothing more urgent waits', async () => {
  let looks = 0;
  await makeRoom(100_000, () => (looks += 1) < 3, signal);
  expect(looks).toBe(3);
});

test('a pause, with something urgent all the time, ends by itself', async () => {
  let looks = 0;
  await makeRoom(10, () => ((looks += 1), true), signal);
  expect(looks).toBeGreaterThan(1);
});

test('a pause, of one who is told to stop, ends', async () => {
  const stopping = new AbortController();
  let looks = 0;
  const isMoreUrgent = () => {
    looks += 1;
    if (looks === 2) stopping.abort();
    return true;
  };
  await makeRoom(100_000, isMoreUrgent, stopping.signal);
  expect(looks).toBe(2);
});
