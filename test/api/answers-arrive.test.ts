import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, openConnection, parseAnswer } from '../support/raw-client.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
let overloaded: TestService;
let limited: TestService;
beforeAll(async () => {
  service = await startTestService();
  overloaded = await startTestService({ config: { maxInFlight: 0 } });
  limited = await startTestService({ config: { rateLimitPerMinute: 1 } });
  for (const { app } of [service, overloaded, limited]) await app.listen({ host: '127.0.0.1', port: 0 });
  await limited.get('/menu');
});
afterAll(async () => {
  for (const each of [service, overloaded, limited]) await each.close();
});

const LARGE = Buffer.alloc(12 * 1024 * 1024, 'x');
const JSON_TYPE = 'content-type: application/json\r\n';
const chunk = Buffer.concat([Buffer.from(`${LARGE.length.toString(16)}\r\n`), LARGE, Buffer.from('\r\n0\r\n\r\n')]);
const LENGTH = `content-length: ${LARGE.length}\r\n`;

describe('an answer that comes before its request was sent', () => {
  it.each<[number, string, () => TestService, string, string, Buffer]>([
    [413, 'too large', () => service, 'POST /orders', JSON_TYPE + LENGTH, LARGE],
    [413, 'too large, chunked', () => service, 'POST /orders', `${JSON_TYPE}transfer-encoding: chunked\r\n`, chunk],
    [
      413,
      'too large, the last of its connection',
      () => service,
      'PUT /menu/a',
      `${JSON_TYPE}${LENGTH}connection: close\r\n`,
      LARGE,
    ],
    [415, 'compressed', () => service, 'POST /orders', `${JSON_TYPE}${LENGTH}content-encoding: gzip\r\n`, LARGE],
    [
      415,
      'in another charset',
      () => service,
      'POST /orders',
      `content-type: application/json; charset=x\r\n${LENGTH}`,
      LARGE,
    ],
    [404, 'to nowhere', () => service, 'POST /nothing', JSON_TYPE + LENGTH, LARGE],
    [405, 'under a method that is not there', () => service, 'POST /menu', JSON_TYPE + LENGTH, LARGE],
    [200, 'with a body that nobody asked for', () => service, 'GET /menu', LENGTH, LARGE],
    [503, 'refused since there are too many', () => overloaded, 'POST /orders', JSON_TYPE + LENGTH, LARGE],
    [
      503,
      'refused, the last of its connection',
      () => overloaded,
      'POST /orders',
      `${LENGTH}connection: close\r\n`,
      LARGE,
    ],
    [429, 'refused since the client asks too often', () => limited, 'POST /orders', JSON_TYPE + LENGTH, LARGE],
    [431, 'with headers without an end', () => service, 'GET /menu', 'x-long: ', LARGE],
    [400, 'that is no HTTP', () => service, 'GET / OF PIZZA', '', LARGE],
  ])('%i to one %s reaches a client that reads when all is sent', async (status, _, serviceOf, line, headers, body) => {
    const connection = await openConnection(serviceOf().app);
    connection.send(`${line} HTTP/1.1\r\nhost: x\r\n${headers}${status === 431 ? '' : '\r\n'}`);
    await connection.sendAll(body);
    connection.socket.end();
    const answer = await connection.closed();
    expect(answer.status).toBe(status);
    if (status !== 200) expect(answer.body).toMatchObject({ status });
  });

  it('ends the connection, though the client goes on without an end', async () => {
    const connection = await openConnection(service.app);
    connection.send(`POST /nothing HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}transfer-encoding: chunked\r\n\r\n`);
    const more = setInterval(() => connection.send('1\r\nx\r\n'), 20);
    connection.socket.on('close', () => clearInterval(more));
    await until('the answer is there', () => connection.text().includes('"status":404'));
    await until('the connection is closed', () => connection.socket.destroyed);
    expect(connection.text()).not.toContain('HTTP/1.1 408');
  });

  it('on a small body that is there already keeps the connection', async () => {
    const connection = await openConnection(service.app);
    const one = `POST /nothing HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}content-length: 2\r\n\r\n{}`;
    connection.send(one);
    await until('there is an answer', () => connection.text().includes('"status":404'));
    connection.send(one.replace('host: x', 'host: x\r\nconnection: close'));
    await until('the connection is closed', () => connection.socket.destroyed);
    expect(connection.text().match(/HTTP\/1.1 404/g)).toHaveLength(2);
  });

  it('says that it is the last of its connection, when the rest may be long', async () => {
    for (const headers of [LENGTH, 'transfer-encoding: chunked\r\n']) {
      const connection = await openConnection(service.app);
      connection.send(`POST /nothing HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}${headers}\r\n`);
      expect(await connection.closed()).toMatchObject({ status: 404, headers: { connection: 'close' } });
    }
  });

  it('to a body that comes later, and is short enough to be read, keeps the connection', async () => {
    const connection = await openConnection(service.app);
    connection.send(`POST /nothing HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}content-length: 150000\r\n\r\n`);
    await until('there is an answer', () => connection.text().includes('"status":404'));
    expect(connection.text()).not.toContain('onnection: close');
    connection.send(LARGE.subarray(0, 150_000));
    connection.send('GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await until('the connection is closed', () => connection.socket.destroyed);
    expect(connection.text()).toContain('HTTP/1.1 200');
  });

  it.each([
    [404, 'POST /nothing', 2],
    [405, 'POST /menu', 2],
    [413, 'POST /orders', LARGE.length],
    [400, 'POST /orders?x=%zz', 2],
  ])(
    'of %i to a client that waits to be told to send its body is all that it is told',
    async (status, line, length) => {
      const connection = await openConnection(service.app);
      const expecting = `${JSON_TYPE}expect: 100-continue\r\ncontent-length: ${length}\r\n`;
      connection.send(`${line} HTTP/1.1\r\nhost: x\r\n${expecting}\r\n`);
      expect((await connection.closed()).status).toBe(status);
    },
  );

  it('is not what a client gets that waits to be told to send a body that is read', async () => {
    const body = JSON.stringify({ customerId: 'c', items: [{ name: 'A', quantity: 1, unitPrice: '9' }] });
    const connection = await openConnection(service.app);
    const expecting = `${JSON_TYPE}expect: 100-continue\r\ncontent-length: ${body.length}\r\n`;
    connection.send(`POST /orders HTTP/1.1\r\nhost: x\r\n${expecting}\r\n`);
    await until('it is told to go on', () => connection.text() === 'HTTP/1.1 100 Continue\r\n\r\n');
    connection.send(`${body}GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    await until('the connection is closed', () => connection.socket.destroyed);
    expect(connection.text().match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 201', 'HTTP/1.1 200']);
  });

  it('since it came too slowly, is the only answer, and nothing is done', async () => {
    const body = JSON.stringify({ customerId: 'slow', items: [{ name: 'A', quantity: 1, unitPrice: '9' }] });
    const connection = await openConnection(service.app);
    connection.send(
      `POST /orders HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}content-length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
    );
    await until('the answer is there', () => connection.text().includes('"status":408'));
    await connection.sendAll(Buffer.from(body.slice(9)));
    connection.socket.end();
    expect((await connection.closed()).status).toBe(408);
    const placed = await service.post('/orders', {
      customerId: 'other',
      items: [{ name: 'A', quantity: 1, unitPrice: '9' }],
    });
    await service.getProjected(`/orders/${placed.body.id as string}?minRevision=0`);
    expect((await service.get('/orders?customerId=slow')).body.items).toEqual([]);
  });
});

describe('what is no HTTP', () => {
  const body = JSON.stringify({ customerId: 'c', items: [{ name: 'A', quantity: 1, unitPrice: '9' }] });
  const order = `POST /orders HTTP/1.1\r\nhost: x\r\n${JSON_TYPE}content-length: ${body.length}\r\n\r\n${body}`;

  it.each([
    ['a byte too many', order, '}', ['201', '400']],
    ['nonsense', order + order, 'GET / OF PIZZA\r\n\r\n', ['201', '201', '400']],
    ['headers without an end', order, `GET /menu HTTP/1.1\r\nx: ${'x'.repeat(40_000)}`, ['201', '431']],
  ])('behind requests, %s, is answered after them', async (_, requests, broken, statuses) => {
    const connection = await openConnection(service.app);
    connection.send(requests + broken);
    await until('the connection is closed', () => connection.socket.destroyed);
    expect(connection.text().match(/(?<=HTTP\/1.1 )\d+/g)).toEqual(statuses);
  });

  it('behind the request for an event stream, leaves the stream alone', async () => {
    const connection = await openConnection(service.app);
    connection.send('GET /stream/kitchen HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n');
    await until('the stream is there', () => connection.text().includes('HTTP/1.1 200'));
    connection.send('nonsense\r\n\r\n');
    await service.get('/health/live');
    connection.socket.end();
    await until('the connection is closed', () => connection.socket.destroyed);
    expect(connection.text().match(/HTTP\/1.1/g)).toHaveLength(1);
  });
});

describe('413', () => {
  const url = ({ app }: { app: FastifyInstance }) => `http://127.0.0.1:${addressOf(app).port}/orders`;

  const sizes = [300_000, 2_000_000, LARGE.length].flatMap((size) => [size, size, size]);

  it('reaches fetch, each time', async () => {
    const headers = { 'content-type': 'application/json' };
    for (const size of sizes) {
      const answer = await fetch(url(service), { method: 'POST', headers, body: LARGE.subarray(0, size) });
      expect(answer.status).toBe(413);
      expect(await answer.json()).toMatchObject({ type: '/problems/body-too-large' });
    }
  });

  it('reaches curl, each time', async ({ skip }) => {
    const run = promisify(execFile);
    const isThere = await run('curl', ['--version']).then(
      () => true,
      () => false,
    );
    skip(!isThere, 'there is no curl');
    const headers = ['-H', 'content-type: application/json', '-H', 'expect:'];
    for (const size of sizes) {
      const sent = run('curl', ['-si', ...headers, '--data-binary', '@-', url(service)]);
      sent.child.stdin?.on('error', () => undefined).end(LARGE.subarray(0, size));
      expect(parseAnswer((await sent).stdout)).toMatchObject({ status: 413, body: { status: 413 } });
    }
  });
});
