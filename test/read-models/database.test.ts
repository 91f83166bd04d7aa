import { afterEach, expect, it, test, vi } from 'vitest';
import { connectMongo, createIndexes, inOneStep } from '../../src/read-models/database.ts';
import { ReadModelsUnavailableError } from '../../src/read-models/errors.ts';

afterEach(() => vi.useRealTimers());

/** What a driver gives that waits for ever on a socket which was destroyed. */
const noAnswer = () => new Promise<never>(() => undefined);

test.each([
  ['a step of a rebuild or of a verification', () => inOneStep(noAnswer()), 30_000],
  ['looking for the indexes', () => createIndexes({ indexes: noAnswer } as never, [{ key: { city: 1 } }]), 30_000],
  [
    'creating an index',
    () =>
      createIndexes({ indexes: () => Promise.resolve([]), createIndexes: noAnswer } as never, [{ key: { city: 1 } }]),
    3_600_000,
  ],
])('%s that gets no answer ends as an outage, by a limit of its own', async (_, step, withinMs) => {
  vi.useFakeTimers();
  let failure: unknown;
  step().catch((error: unknown) => (failure = error));
  await vi.advanceTimersByTimeAsync(withinMs - 1);
  expect(failure).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(failure).toBeInstanceOf(ReadModelsUnavailableError);
});

it('overrides the limits that the URL sets, since its own rely on them', async () => {
  const limits = { serverSelectionTimeoutMS: 2000, connectTimeoutMS: 2000, waitQueueTimeoutMS: 2000 };
  const names = [...Object.keys(limits), 'socketTimeoutMS', 'heartbeatFrequencyMS', 'minPoolSize', 'maxPoolSize'];
  const query = names.map((name) => `${name}=77777`).join('&');
  const others = 'serverMonitoringMode=poll&appName=another&raw=true&promoteValues=false&promoteLongs=false';
  const client = connectMongo(`mongodb://127.0.0.1:1/?${query}&${others}`);
  expect(client.options).toMatchObject({
    ...limits,
    socketTimeoutMS: 20_000,
    heartbeatFrequencyMS: 2000,
    serverMonitoringMode: 'stream',
    minPoolSize: 0,
    maxPoolSize: 50,
    raw: false,
    promoteValues: true,
    promoteLongs: true,
    appName: 'marios-pizzeria-orders',
  });
  await client.close();
});
