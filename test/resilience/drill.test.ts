import { expect, test } from 'vitest';
import { runDrill } from '../drills/drill.ts';
import { FAULTS, KILL_EVENT_STORE, KILL_MONGO, KILL_SERVICE } from '../drills/faults.ts';
import { createRandom, seedOfRun } from '../drills/random.ts';

/** The short form of the drills; `npm run test:drills` is the long one. */
test('the service under load, through the kill of each process and a fault at random, keeps every promise', async () => {
  const seed = seedOfRun();
  const random = createRandom(seed).fork('schedule');
  const kills = [KILL_SERVICE, KILL_EVENT_STORE, KILL_MONGO];
  const other = random.pick(FAULTS.filter((fault) => !kills.includes(fault)));
  const rounds = random.shuffled([...kills, other]).map((fault) => [fault]);
  const report = await runDrill({ seed, rounds, callers: 6, commandsPerRound: 200 });
  expect(report).toMatchObject({ rounds: 4, lost: [], duplicated: [], differing: [], impossible: [], unwell: [] });
}, 180_000);
