import { expect, test } from 'vitest';
import { runDrill } from './drill.ts';
import { FAULTS, KILL_ALL, KILL_EVENT_STORE, KILL_MONGO, KILL_SERVICE } from './faults.ts';
import { createRandom, seedOfRun } from './random.ts';

const KILLS = [KILL_SERVICE, KILL_EVENT_STORE, KILL_MONGO];

test('the service, through every fault twice and the kill of any process at random, keeps every promise', async () => {
  const seed = seedOfRun();
  const random = createRandom(seed).fork('schedule');
  const faults = FAULTS.filter(({ name }) => name.includes(process.env.DRILLS_ONLY ?? ''));
  const alone = faults.map((fault) => [fault]);
  const withKill = faults.map((fault) =>
    fault === KILL_ALL ? [fault] : [fault, random.pick(KILLS.filter(({ name }) => name !== fault.name))],
  );
  const report = await runDrill({ seed, rounds: random.shuffled([...alone, ...withKill]) });
  expect(report).toMatchObject({ lost: [], duplicated: [], differing: [], impossible: [], unwell: [] });
  if (faults.length === FAULTS.length) expect(report.rounds).toBeGreaterThanOrEqual(20);
});
