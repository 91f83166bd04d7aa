import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { serialize } from 'bson';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../src/storage/store.ts';
import { serve, type MongoServer } from '../src/net/server.ts';

let folder: string;
let server: MongoServer;
let bystander: MongoClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mongodb-'));
  server = await serve({ store: openStore(folder), port: 0 });
  bystander = await new MongoClient(`mongodb://127.0.0.1:${server.port}/?directConnection=true`).connect();
  const text = 'x'.repeat(1_000_000);
  await bystander
    .db('d')
    .collection('big')
    .insertMany(Array.from({ length: 12 }, (_, n) => ({ n, text })));
});
afterAll(async () => {
  await bystander.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => () => bystander.db('d').command({ ping: 1 }));

async function raw(bytes: Buffer): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(bytes);
  return socket;
}

function message(sections: Buffer, { flags = 0, operation = 2013, length = 20 + sections.length } = {}): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32LE(length, 0);
  head.writeInt32LE(7, 4);
  head.writeInt32LE(operation, 12);
  head.writeUInt32LE(flags, 16);
  return Buffer.concat([head, sections]);
}

const body = (command: object): Buffer => Buffer.concat([Buffer.from([0]), serialize({ ...command, $db: 'd' })]);
const ping = body({ ping: 1 });

function patched(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeInt32LE(value, at);
  return copy;
}

describe('frames that break the protocol', () => {
  const cases: [string, Buffer][] = [
    ['a length below the header, in a header, closes the connection', message(ping, { length: 5 })],
    ['a negative length, in a header, closes the connection', message(ping, { length: -1 })],
    ['a length above 48 MB, in a header, closes the connection', message(ping, { length: 48_000_001 })],
    ['OP_COMPRESSED, never offered, closes the connection', message(ping, { operation: 2012 })],
    ['an unknown operation, in a header, closes the connection', message(ping, { operation: 4711 })],
    ['an unknown required flag, in OP_MSG, closes the connection', message(ping, { flags: 4 })],
    ['no body, in OP_MSG, closes the connection', message(Buffer.alloc(0))],
    ['two bodies, in OP_MSG, close the connection', message(Buffer.concat([ping, ping]))],
    [
      'an unknown section, in OP_MSG, closes the connection',
      message(Buffer.concat([Buffer.from([9]), ping.subarray(1)])),
    ],
    ['a section longer than the message, in OP_MSG, closes the connection', message(patched(ping, 1, 5000))],
    [
      'an HTTP request, instead of a message, closes the connection',
      Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    ],
  ];
  test.each(cases)('%s', async (_name, bytes) => {
    const socket = await raw(bytes);
    await once(socket, 'close');
  });
});

describe('documents that cannot be read', () => {
  const nested = (levels: number): object => {
    let value: object = {};
    for (let i = 0; i < levels; i += 1) value = { a: value };
    return value;
  };
  const cases: [string, Buffer, number][] = [
    [
      'a document without its end, in a body, gets InvalidBSON',
      Buffer.concat([ping.subarray(0, -1), Buffer.from([1])]),
      22,
    ],
    ['a text that is too long, in a body, gets InvalidBSON', patched(body({ ping: 'abc' }), 1 + 4 + 6, 900), 22],
    ['a type that does not exist, in a body, gets InvalidBSON', Buffer.from(ping).fill(0x55, 5, 6), 22],
    ['1,000 levels of nesting, in a body, get an error', body({ ping: 1, deep: nested(1000) }), 15],
    ['a body without $db, in OP_MSG, gets 40571', Buffer.concat([Buffer.from([0]), serialize({ ping: 1 })]), 40571],
  ];
  test.each(cases)('%s', async (_name, sections, code) => {
    const socket = await raw(message(sections));
    const [reply] = (await once(socket, 'data')) as [Buffer];
    const expected = Buffer.alloc(4);
    expected.writeInt32LE(code);
    expect(reply.includes(Buffer.concat([Buffer.from('code\0'), expected]))).toBe(true);
    socket.destroy();
  });
});

test('thousands of messages, each damaged somewhere, take neither the server nor another client down', async () => {
  const valid = message(
    body({ insert: 'fuzz', documents: [{ a: 1, b: 'text', c: [1, 2, { d: new Date(0) }] }], ordered: true }),
  );
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
  for (let round = 0; round < 40; round += 1) {
    const messages = Array.from({ length: 50 }, () => {
      const copy = Buffer.from(valid);
      for (let i = 0; i <= random(3); i += 1) copy[16 + random(copy.length - 16)] = random(256);
      return copy;
    });
    const sockets = await Promise.all(messages.map(raw));
    for (const socket of sockets) socket.destroy();
  }
  expect(await bystander.db('d').command({ ping: 1 })).toMatchObject({ ok: 1 });
});

test('a client that stops in the middle of a message, with others at work, holds nobody up', async () => {
  const half = await raw(message(ping).subarray(0, 22));
  for (let i = 0; i < 50; i += 1) await bystander.db('d').collection('c').insertOne({});
  expect(half.destroyed).toBe(false);
  half.destroy();
});

test('a client that asks without reading, for far more than it takes, does not fill the memory', async () => {
  const question = message(body({ find: 'big', batchSize: 12 }));
  const before = process.memoryUsage().rss;
  const socket = await raw(Buffer.alloc(0));
  socket.pause();
  for (let i = 0; i < 500; i += 1) socket.write(question);
  for (let i = 0; i < 200; i += 1) await bystander.db('d').command({ ping: 1 });
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  socket.destroy();
});

test('a start, on an address that is not the own machine, is refused', async () => {
  const other = await mkdtemp(join(tmpdir(), 'mongodb-'));
  const store = openStore(other);
  for (const host of ['0.0.0.0', '::', '192.168.1.5']) {
    await expect(serve({ store, port: 0, host })).rejects.toThrow(/refusing to listen/);
  }
  store.close();
  await rm(other, { recursive: true });
});

test('a server that stops, with clients connected, ends at once and their next call fails', async () => {
  const other = await mkdtemp(join(tmpdir(), 'mongodb-'));
  const second = await serve({ store: openStore(other), port: 0 });
  const url = `mongodb://127.0.0.1:${second.port}/?directConnection=true`;
  const client = await new MongoClient(url, { serverSelectionTimeoutMS: 300, retryReads: false }).connect();
  const lost = once(client, 'serverDescriptionChanged');
  await client.db('d').collection('c').insertOne({});
  await second.close();
  await lost;
  await expect(client.db('d').command({ ping: 1 })).rejects.toThrow();
  await client.close();
  await rm(other, { recursive: true });
});
