import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MongoClient, MongoServerError } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './support.ts';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
/** Blocks of 512 bytes. */
const MOST_PER_FILE = 4000;

test('a disk that is full is told as MongoDB tells it; what there is stays, and the server can be ended', async () => {
  const folder = await temporaryFolder();
  const command = `ulimit -f ${MOST_PER_FILE}; exec "$0" "$1" --data "$2"`;
  const child = spawn('sh', ['-c', command, process.execPath, CLI, folder]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const url = /mongodb:\S+/.exec(line)?.[0] ?? '';
  const client = await new MongoClient(url).connect();
  const collection = client.db('d').collection<{ _id: number; text?: string }>('c');
  await collection.insertOne({ _id: 0 });
  const text = 'x'.repeat(10_000);
  const fill = async () => {
    for (let first = 1; first < 2000; first += 10)
      await collection.insertMany(Array.from({ length: 10 }, (_, at) => ({ _id: first + at, text })));
  };
  const error: unknown = await fill().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(MongoServerError);
  expect(error).toMatchObject({ code: 14031, codeName: 'OutOfDiskSpace' });
  expect(await collection.findOne({ _id: 0 })).toEqual({ _id: 0 });
  expect((await collection.countDocuments({})) % 10).toBe(1);
  await client.close();
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(readdirSync(folder)).not.toContain('mongodb.sqlite.pid');
});
