import { writeFile, mkdir, open, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { ServerRefused, startProcess, temporaryFolder } from './support.ts';

/** A client that does not look for a server that is gone when it closes. */
function connect(url: string): Promise<MongoClient> {
  return new MongoClient(url, { serverSelectionTimeoutMS: 1000 }).connect();
}

async function refused(folder: string, port = 0): Promise<ServerRefused> {
  try {
    await startProcess(folder, port);
  } catch (error) {
    if (error instanceof ServerRefused) return error;
    throw error;
  }
  throw new Error('the server started');
}

test('the server, stopped by SIGTERM and by SIGINT, closes the file and exits with 0', async () => {
  const folder = await temporaryFolder();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const server = await startProcess(folder);
    const client = await connect(server.url);
    await client.db('d').collection('c').insertOne({ signal });
    expect(await server.stop(signal)).toBe(0);
    await client.close();
  }
  const again = await startProcess(folder);
  const client = await connect(again.url);
  const stored = await client.db('d').collection('c').find().sort({ signal: 1 }).toArray();
  expect(stored.map(({ signal }) => signal as unknown)).toEqual(['SIGINT', 'SIGTERM']);
  await client.close();
});

test('a start, on a file that another process uses, fails and says which process', async () => {
  const folder = await temporaryFolder();
  const first = await startProcess(folder);
  const error = await refused(folder);
  expect(error.code).toBe(1);
  expect(error.message).toContain(join(folder, 'mongodb.sqlite'));
  expect(error.message).toContain(`in use by process ${first.child.pid ?? 0}`);
});

test('a start, on a port that is taken, fails and says so', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  const error = await refused(await temporaryFolder(), port);
  blocker.close();
  expect(error.code).toBe(1);
  expect(error.message).toContain(`port ${port} of 127.0.0.1 is in use by another program`);
});

test('a start, on a file that is no database, fails and names it', async () => {
  const folder = await temporaryFolder();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'mongodb.sqlite'), 'this is a shopping list, not a database\n'.repeat(200));
  const error = await refused(folder);
  expect(error.code).toBe(1);
  expect(error.message).toContain(join(folder, 'mongodb.sqlite'));
  expect(error.message).not.toContain('    at ');
});

test('a start, on a file whose pages are damaged, fails and names it', async () => {
  const folder = await temporaryFolder();
  const server = await startProcess(folder);
  const client = await connect(server.url);
  await client
    .db('d')
    .collection('c')
    .insertMany(Array.from({ length: 2000 }, (_, i) => ({ i, text: 'x'.repeat(200) })));
  await client.close();
  await server.stop();
  const path = join(folder, 'mongodb.sqlite');
  const { size } = await stat(path);
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(size - 8192, 0xab), 0, size - 8192, 4096);
  await file.close();
  const error = await refused(folder);
  expect(error.code).toBe(1);
  expect(error.message).toContain(path);
});

test('an option, that is wrong, fails and says which', async () => {
  const error = await refused(await temporaryFolder(), 70_000);
  expect(error.message).toContain('--port');
});
