import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ROOT } from '../docs/markdown.ts';
import { placeOrder } from '../support/projections.ts';
import { startTestService, type TestService } from '../support/service.ts';

const folder = mkdtempSync(join(tmpdir(), 'snapshots-'));

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
});

async function rebuild(...args: string[]) {
  const { PATH = '' } = process.env;
  const { streamPrefix: STREAM_PREFIX } = service.config;
  const stores = { EVENTSTORE_URL: inject('eventStoreUrl'), MONGODB_URL: inject('mongoUrl') };
  const env = { PATH, ...stores, STREAM_PREFIX, SNAPSHOT_EVERY: '1' };
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli/snapshots.js'), ...args], { env, cwd: folder });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

test('snapshots:rebuild names the orders that cannot be read, passes over deleted ones, and does the rest', async () => {
  const streamOf = (id: string) => `${service.config.streamPrefix}PizzaOrder-${id}`;
  const [first, damaged, deleted, frozen, last] = [
    await placeOrder(service),
    await placeOrder(service),
    await placeOrder(service),
    await placeOrder(service),
    await placeOrder(service),
  ];
  await service.eventStore.appendToStream(streamOf(damaged), [jsonEvent({ type: 'PaymentProcessed', data: {} })]);
  await service.eventStore.deleteStream(streamOf(deleted));
  await service.eventStore.tombstoneStream(`${service.config.streamPrefix}PizzaOrderSnapshot-${frozen}`);

  const all = await rebuild();
  expect({ code: all.code, stdout: all.stdout }).toEqual({ code: 1, stdout: '2 snapshots written\n' });
  expect(all.stderr).toMatch(
    new RegExp(`^order ${damaged}: PaymentProcessed v1 at revision 1 .*\n1 orders cannot be read\n$`),
  );
  expect(await rebuild('--order', first)).toEqual({ code: 0, stdout: '1 snapshots written\n', stderr: '' });
  expect(await rebuild('--order', last.toUpperCase())).toMatchObject({ code: 0 });
  expect(await rebuild('--order', deleted)).toEqual({
    code: 1,
    stdout: '0 snapshots written\n',
    stderr: `Order ${deleted} is not there, or a stream of it was deleted\n`,
  });
  expect(await rebuild('--order', damaged)).toMatchObject({ code: 1 });
});

test.each([
  [['--order', '42'], '--order takes a UUID'],
  [['--colour'], '--colour'],
])('snapshots:rebuild, called with %j, ends with 2 and says why', async (args, why) => {
  const { code, stderr } = await rebuild(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(why);
});
