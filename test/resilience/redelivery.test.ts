import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import { FORWARDS, START } from '@eventstore/db-client';
import { openDatabase } from '../../src/read-models/collections.ts';
import { READ_MODELS } from '../../src/read-models/index.ts';
import { toLogEvent } from '../../src/read-models/read-model.ts';
import { projectTogether } from '../../src/read-models/together.ts';
import { projectionOptions } from '../support/projections.ts';
import { checkReadModels } from '../drills/check.ts';
import { readHistory } from '../drills/history.ts';
import { startLoad } from '../drills/load.ts';
import { createRandom, seedOfRun } from '../drills/random.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

const WORKERS = 4;
const COMMANDS = 150;
const seed = seedOfRun();
let service: TestService;
let url: string;

beforeAll(async () => {
  service = await startTestService();
  url = await service.app.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await service.close();
});

test(`every event delivered three times, in random order, by ${WORKERS} workers at once: read models equal the fold (seed ${seed})`, async () => {
  const random = createRandom(seed);
  const load = startLoad({ instances: () => [url], random, name: 'redelivery', mostCommands: COMMANDS, pauseMs: 0 });
  await until('every command was sent', () => load.sent() >= COMMANDS);
  await load.stop();
  const { streamPrefix } = service.config;
  const events = await readAll(streamPrefix);
  expect(events.length).toBeGreaterThan(COMMANDS / 2);

  const name = `${service.config.mongoDatabase}_again`;
  const { db } = openDatabase(service.mongo, name);
  const context = { ...projectionOptions(service).context, db };
  const deliveries = random.shuffled([...events, ...events, ...events]);
  const shares = Array.from({ length: WORKERS }, (_, worker) => deliveries.filter((__, at) => at % WORKERS === worker));
  try {
    await Promise.all(
      shares.map(async (share, worker) => {
        const own = random.fork(`worker ${worker}`);
        const projection = projectTogether(READ_MODELS, (model) => model.project(context, model.name));
        while (share.length > 0) {
          const batch = share.splice(0, own.integer(1, 40));
          await projection.add(batch.map((event) => toLogEvent(streamPrefix, event)));
          expect([...(await projection.write()).stalls]).toEqual([]);
        }
      }),
    );
    const log = await readHistory(inject('eventStoreUrl'), streamPrefix);
    expect(await checkReadModels(log, inject('mongoUrl'), name, 0)).toEqual([]);
    expect(await checkReadModels(log, inject('mongoUrl'), service.config.mongoDatabase)).toEqual([]);
  } finally {
    await service.mongo.db(name).dropDatabase();
  }
}, 60_000);

async function readAll(streamPrefix: string): Promise<AllStreamRecordedEvent[]> {
  const events: AllStreamRecordedEvent[] = [];
  const all = service.eventStore.readAll({
    direction: FORWARDS,
    fromPosition: START,
    maxCount: Number.MAX_SAFE_INTEGER,
  });
  for await (const { event } of all) if (event?.streamId.startsWith(streamPrefix)) events.push(event);
  return events.filter(({ streamId }) => /^(PizzaOrder|Customer|MenuItem)-/.test(streamId.slice(streamPrefix.length)));
}
