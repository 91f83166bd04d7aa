import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, testEvents, unique, useStore } from '../../../test/contract/eventstoredb/support.ts';

const store = useStore({ onlyEmbedded: true });
const port = (): number => Number(/:(\d+)/u.exec(store.url)?.[1]);

/** Somebody else's work, which has to go on whatever happens here. */
async function stillServes(): Promise<void> {
  const stream = unique('hostile');
  await store.client.appendToStream(stream, testEvents(2));
  expect(await collect(store.client.readStream(stream))).toHaveLength(2);
}

async function sendRaw(bytes: Buffer): Promise<void> {
  const socket = createConnection(port(), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes);
  socket.resume();
  const closed = once(socket, 'close');
  const impatient = setTimeout(() => socket.destroy(), 300);
  await closed;
  clearTimeout(impatient);
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Sends one gRPC call by hand and gives its status. */
async function call(path: string, body: Buffer, session: ClientHttp2Session): Promise<string> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc+proto',
    te: 'trailers',
  });
  let status = '';
  const read = (headers: IncomingHttpHeaders): void => {
    const found = headers['grpc-status'];
    if (typeof found === 'string') status = found;
  };
  stream.on('response', read);
  stream.on('trailers', read);
  stream.on('error', () => undefined);
  stream.end(body);
  stream.resume();
  await new Promise((resolve) => stream.on('close', resolve));
  // gRPC's status for a stream that is reset in this way is RESOURCE_EXHAUSTED as well.
  return stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM ? '8' : status;
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const STREAMS = '/event_store.client.streams.Streams';
const GROUPS = '/event_store.client.persistent_subscriptions.PersistentSubscriptions';

describe('bytes that are no gRPC', () => {
  it.each([
    ['random bytes', () => randomBytes(4096)],
    ['an HTTP/1 request', () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a preface and random frames', () => Buffer.concat([PREFACE, randomBytes(4096)])],
    ['a frame that claims 16 MiB', () => Buffer.concat([PREFACE, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])])],
    [
      'a preface and a reset of nothing',
      () => Buffer.concat([PREFACE, Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 9, 0, 0, 0, 8])]),
    ],
  ])('%s, sent, harm nobody else', async (_what, bytes) => {
    for (let round = 0; round < 5; round += 1) await sendRaw(bytes());
    await stillServes();
  });
});

describe('calls that are malformed', () => {
  it('random messages, to every method, end with an error status', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port()}`);
    session.on('error', () => undefined);
    const methods = ['Read', 'Append', 'BatchAppend', 'Delete', 'Tombstone'].map((name) => `${STREAMS}/${name}`);
    methods.push(
      ...['Create', 'Update', 'Delete', 'Read', 'GetInfo', 'List', 'ReplayParked'].map((name) => `${GROUPS}/${name}`),
    );
    for (const method of methods) {
      for (const message of [Buffer.from([0xff, 0xff, 0xff]), Buffer.from([0x0a, 0x7f, 0x01]), randomBytes(100)]) {
        const status = await call(method, framed(message), session);
        expect(Number(status), `${method} ${message.toString('hex')}`).not.toBe(Number.NaN);
      }
    }
    session.close();
    await stillServes();
  });

  it('empty messages, to every method, end with an error status or an empty answer', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port()}`);
    for (const method of ['Read', 'Append', 'BatchAppend', 'Delete', 'Tombstone']) {
      expect(await call(`${STREAMS}/${method}`, framed(Buffer.alloc(0)), session)).not.toBe('0');
    }
    for (const method of ['Create', 'Update', 'Delete', 'Read', 'GetInfo', 'ReplayParked']) {
      expect(await call(`${GROUPS}/${method}`, framed(Buffer.alloc(0)), session)).not.toBe('0');
    }
    session.close();
    await stillServes();
  });

  it('a message above the limit, announced or sent, is refused as too large', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port()}`);
    const announced = Buffer.alloc(5);
    announced.writeUInt32BE(1 << 30, 1);
    expect(await call(`${STREAMS}/BatchAppend`, announced, session)).toBe('8');
    expect(await call(`${STREAMS}/Append`, framed(Buffer.alloc(17 << 20)), session)).toBe('8');
    session.close();
    await stillServes();
  });

  it('a method or service that is not offered is unimplemented', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port()}`);
    expect(await call(`${STREAMS}/Nonsense`, framed(Buffer.alloc(0)), session)).toBe('12');
    expect(await call('/event_store.client.projections.Projections/Create', framed(Buffer.alloc(0)), session)).toBe(
      '12',
    );
    session.close();
  });
});

describe('clients that misbehave', () => {
  it('hundreds that connect and say nothing leave the others served', async () => {
    const sockets = Array.from({ length: 200 }, () => createConnection(port(), '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await stillServes();
    for (const socket of sockets) socket.destroy();
    await stillServes();
  });

  it('readers that never read, of much, leave the others served', async () => {
    const stream = unique('hostile');
    const padding = 'x'.repeat(100_000);
    for (let round = 0; round < 30; round += 1) {
      await store.client.appendToStream(stream, { ...testEvents(1)[0], metadata: { padding } } as never);
    }
    const idle = Array.from({ length: 20 }, () => store.client.subscribeToStream(stream));
    for (const subscription of idle) await new Promise((resolve) => subscription.once('confirmation', resolve));
    await stillServes();
    for (const subscription of idle) await subscription.unsubscribe();
  });

  it('calls cut off in the middle, many, leave the others served', async () => {
    for (let round = 0; round < 20; round += 1) {
      const session = connectHttp2(`http://127.0.0.1:${port()}`);
      session.on('error', () => undefined);
      const stream = session.request({
        ':method': 'POST',
        ':path': `${STREAMS}/BatchAppend`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => undefined);
      stream.write(Buffer.from([0, 0, 0, 1, 0, 10]));
      await new Promise((resolve) => setImmediate(resolve));
      if (round % 2 === 0) stream.close(constants.NGHTTP2_CANCEL);
      session.destroy();
    }
    await stillServes();
  });

  it('another address of this machine, connected to, refuses', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    const socket = createConnection(port(), outside?.address ?? '127.0.0.2');
    const error = await failureOf(once(socket, 'connect'));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
