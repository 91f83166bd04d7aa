import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPromises, checkReadModels } from '../drills/check.ts';
import { readyAfter } from '../drills/drill.ts';
import { readHistory } from '../drills/history.ts';
import { startLoad } from '../drills/load.ts';
import { createRandom } from '../drills/random.ts';
import { createWorld, type ServiceProcess, type World } from '../drills/world.ts';
import { openStream } from '../support/streams.ts';
import { until } from '../support/until.ts';
import { type Caller, createCaller, pizza } from './caller.ts';

let world: World;
let service: ServiceProcess;
let caller: Caller;

beforeAll(async () => {
  world = await createWorld();
  [service] = world.services as [ServiceProcess];
  caller = createCaller((path) => service.url(path));
  expect(await readyAfter(service)).toBeDefined();
});

afterAll(async () => {
  caller.close();
  await world.close();
});

test('a service told to stop says that it is not ready, finishes what is in flight, and exits with 0', async () => {
  expect((await caller.post('/orders', pizza())).status).toBe(201); // connected, so that one delay is all
  world.eventStore.proxy.set({ type: 'delay', ms: 150 });
  try {
    const inFlight = Array.from({ length: 5 }, () => caller.post('/orders', pizza()));
    const before = world.eventStore.proxy.passed();
    await until('they have reached the event store', () => world.eventStore.proxy.passed() > before);
    service.process().signal('SIGTERM');
    await until('it stops', () => service.process().output().includes('stopping'));
    const ready = await caller.get('/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ checks: { projection: 'stopping' } });
    for (const { status } of await Promise.all(inFlight)) expect(status).toBe(201);
  } finally {
    world.eventStore.proxy.set({ type: 'none' });
  }
  expect(await service.process().exited).toBe(0);
});

test('a service told to stop under load loses nothing that it acknowledged', async () => {
  await restarted();
  const load = startLoad({
    instances: () => [service.url('')],
    random: createRandom(1),
    name: 'stop',
    mostCommands: 2000,
  });
  await until('commands were answered', () => load.sent() > 100);
  service.process().signal('SIGTERM');
  expect(await service.process().exited).toBe(0);
  const stopped = load.stop(); // what was not answered is repeated until it is
  await restarted();
  const { commands, unexpected } = await stopped;
  expect(unexpected).toEqual([]);
  const log = await readHistory(world.eventStoreUrl());
  expect(checkPromises(log, commands)).toEqual({ lost: [], duplicated: [], contradicted: [] });
  expect(await checkReadModels(log, world.mongoUrl())).toEqual([]);
});

test('a service told to stop with 500 streams open tells every reader, and exits with 0 in the usual time', async () => {
  const streams = await Promise.all(Array.from({ length: 500 }, () => openStream(service.url('/stream/kitchen'))));
  expect(streams.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  const started = performance.now();
  service.process().signal('SIGTERM');
  expect(await service.process().exited).toBe(0);
  expect(performance.now() - started).toBeLessThan(10_000);
  for (const stream of streams) {
    await stream.untilOf('bye');
    await until('it has ended', () => stream.isEnded());
  }
});

test('a service told to stop twice ends at once, whatever is in flight', async () => {
  await restarted();
  world.eventStore.pause();
  try {
    const inFlight = caller.post('/orders', pizza()).catch(() => undefined);
    await until('it is in flight', async () => (await caller.get('/health/ready')).status === 503);
    service.process().signal('SIGTERM');
    await until('it stops', () => /stopping[^\n]*\n/.test(service.process().output().split('listening').at(-1) ?? ''));
    const started = performance.now();
    service.process().signal('SIGTERM');
    await service.process().exited;
    expect(performance.now() - started).toBeLessThan(1000);
    await inFlight;
  } finally {
    world.eventStore.resume();
  }
});

test('a service killed among 200 placements has every order that it acknowledged in log and read model', async () => {
  await restarted();
  let answered = 0;
  const placing = Array.from({ length: 200 }, async () => {
    const answer = await caller.post('/orders', pizza());
    answered += 1;
    return answer.status === 201 ? (answer.body as { readonly id: string }).id : undefined;
  });
  const settled = Promise.allSettled(placing);
  await until('some are answered', () => answered >= 20);
  await service.kill();
  const acknowledged = (await settled).flatMap((result) => (result.status === 'fulfilled' ? (result.value ?? []) : []));
  expect(acknowledged.length).toBeGreaterThanOrEqual(20);
  await restarted();
  const log = await readHistory(world.eventStoreUrl());
  expect(acknowledged.filter((id) => log.orders.get(id)?.events.length !== 1)).toEqual([]);
  expect(await checkReadModels(log, world.mongoUrl())).toEqual([]);
});

async function restarted(): Promise<void> {
  await service.start();
  expect(await readyAfter(service)).toBeDefined();
}
