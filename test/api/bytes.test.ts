import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConnection, request } from '../support/raw-client.ts';
import { startTestService, type TestService } from '../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
  await service.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => service.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const order = (customerId: string) =>
  JSON.stringify({ customerId, items: [{ name: 'Margherita', quantity: 1, unitPrice: '9' }] });
const send = (line: string, body: string | Uint8Array, headers: Record<string, string | Uint8Array> = {}) => {
  const length = String(Buffer.byteLength(body));
  return request(service.app, line, { ...JSON_TYPE, 'content-length': length, ...headers }, body);
};
const ID = '0b9f3a0e-2b8e-5f57-8a9e-5c1f2d7be4a7';

describe('a body', () => {
  it.each(['POST /orders', `POST /orders/${ID}/confirm`, 'PUT /customers/rene', 'PUT /menu/creme'])(
    'of %s, in Latin-1, is 400 and says why',
    async (line) => {
      const answer = await send(line, Buffer.from(order('René'), 'latin1'));
      expect(answer).toMatchObject({ status: 400, body: { detail: 'The body is not UTF-8.' } });
    },
  );

  it.each([
    ['a character that is cut off', Buffer.from(order('René')).subarray(0, 19)],
    [
      'an overlong character',
      Buffer.from(order('\u0000\u0000').replaceAll('\\u0000', '~')).map((byte) => (byte === 0x7e ? 0xc0 : byte)),
    ],
    ['UTF-16', Buffer.from(`\ufeff${order('René')}`, 'utf16le')],
  ])('with %s is 400', async (_, body) => {
    expect((await send('POST /orders', body)).status).toBe(400);
  });

  it('in UTF-8, with a byte order mark, is taken', async () => {
    const answer = await send('POST /orders', `\ufeff${order('René')}`);
    expect(answer).toMatchObject({ status: 201, body: { customerId: 'René' } });
  });

  it.each(['iso-8859-1', '"ISO-8859-1"', 'windows-1252', 'utf-16', 'utf-80'])(
    'with the charset %s is 415',
    async (charset) => {
      const type = `application/json; charset=${charset}`;
      const answer = await send('POST /orders', order('c'), { 'content-type': type });
      expect(answer).toMatchObject({ status: 415, body: { detail: 'The body must be in UTF-8.' } });
    },
  );

  it.each(['utf-8', 'UTF-8', '"utf-8"', 'utf8', 'UTF-8; profile=x'])(
    'with the charset %s is taken',
    async (charset) => {
      const type = `application/json;charset=${charset}`;
      expect((await send('POST /orders', order('c'), { 'content-type': type })).status).toBe(201);
    },
  );

  it.each(['POST /orders', 'PUT /menu/x', 'POST /admin/parked/replay'])(
    'of %s, compressed, is 415 and says that it must not be',
    async (line) => {
      const answer = await send(line, gzipSync(order('c')), { 'content-encoding': 'gzip' });
      expect(answer).toMatchObject({ status: 415, headers: { 'accept-encoding': 'identity' } });
      expect(answer.body.detail).toBe('The body must not be compressed.');
    },
  );

  it('with the coding identity is taken', async () => {
    expect((await send('POST /orders', order('c'), { 'content-encoding': 'identity' })).status).toBe(201);
  });
});

describe('a header that is kept', () => {
  const actorOf = async (actor: Uint8Array) => {
    const placed = await send('POST /orders', order('c'), { 'x-actor': actor });
    if (placed.status !== 201) return placed;
    return (await service.get(`/orders/${placed.body.id as string}/timeline`)).body.items[0].actor as string;
  };

  it.each(['René', 'Łukasz', '陳', 'Zoë 🍕'])('in UTF-8, %s, is kept as that', async (actor) => {
    expect(await actorOf(Buffer.from(actor))).toBe(actor);
  });

  it('in Latin-1 is 400 and says why', async () => {
    expect(await actorOf(Buffer.from('René', 'latin1'))).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/x-actor', detail: 'must be UTF-8' }] },
    });
  });

  it('with a control character of Unicode is 400', async () => {
    expect(await actorOf(Buffer.from('Ren\u0085'))).toMatchObject({ status: 400 });
  });
});

describe('a target', () => {
  it.each(['/customers/Ren%E9', '/customers/René', '/audit?actor=Ren%E9', '/orders?customerId=%'])(
    'with a path or a query that is not UTF-8, %s, is 400',
    async (target) => {
      expect((await request(service.app, `GET ${target}`)).status).toBe(400);
    },
  );
});

describe('no body', () => {
  const chunked = { 'transfer-encoding': 'chunked' };
  const noLength = { 'content-length': '0' };
  it.each([
    ['a JSON type and nothing in it', { ...JSON_TYPE, ...noLength }, ''],
    ['a JSON type and no length', JSON_TYPE, ''],
    ['a JSON type, chunked', { ...JSON_TYPE, ...chunked }, '0\r\n\r\n'],
    ['no type, chunked', chunked, '0\r\n\r\n'],
    ['another type', { 'content-type': 'application/x-www-form-urlencoded', ...noLength }, ''],
    ['another type, chunked', { 'content-type': 'text/plain', ...chunked }, '0\r\n\r\n'],
    ['an empty type', { 'content-type': '', ...noLength }, ''],
  ])('of an operation without one, sent with %s, is none', async (_, headers, body) => {
    expect(await request(service.app, 'POST /admin/parked/replay', headers, body)).toMatchObject({ status: 202 });
    expect(await request(service.app, 'DELETE /menu/nothing', headers, body)).toMatchObject({ status: 404 });
    expect(await request(service.app, 'POST /orders', headers, body)).toMatchObject({ status: 400 });
  });

  it('of an operation without one, but with text, is 415', async () => {
    const headers = { 'content-type': 'text/plain', 'content-length': '2' };
    expect(await request(service.app, 'POST /admin/parked/replay', headers, 'hi')).toMatchObject({ status: 415 });
  });
});

describe('a request', () => {
  const raw = async (text: string) => {
    const connection = await openConnection(service.app);
    connection.send(text.replaceAll('\n', '\r\n'));
    return connection.closed();
  };

  it.each([
    ['two hosts', 'GET /menu HTTP/1.1\nHost: a\nhost: b\nConnection: close\n\n'],
    ['no host', 'GET /menu HTTP/1.1\nConnection: close\n\n'],
    ['a host that is none', 'GET /menu HTTP/1.1\nHost: a b\nConnection: close\n\n'],
  ])('with %s is 400 as a problem document', async (_, text) => {
    expect(await raw(text)).toMatchObject({ status: 400, body: { type: '/problems/bad-request' } });
  });

  it.each([
    ['HTTP/1.0, without a host', 'GET /menu HTTP/1.0\n\n'],
    ['HTTP/1.1, to a host with a port', 'GET /menu HTTP/1.1\nHost: [::1]:3000\nConnection: close\n\n'],
    ['HTTP/1.1, that expects what nobody knows', 'GET /menu HTTP/1.1\nHost: a\nExpect: x\nConnection: close\n\n'],
  ])('in %s is answered', async (_, text) => {
    expect((await raw(text)).status).toBe(200);
  });

  it.each([
    ['Content-Encoding', 'gzip, identity', 415],
    ['Content-Encoding', '', 201],
    ['Content-Encoding', 'identity,', 201],
    ['Transfer-Encoding', 'gzip, chunked', 415],
    ['Transfer-Encoding', 'Chunked', 201],
  ])('with %s: %s is %i', async (name, value, status) => {
    const body = order('c');
    const isChunked = name === 'Transfer-Encoding';
    const headers = { ...JSON_TYPE, [name]: value, ...(!isChunked && { 'content-length': String(body.length) }) };
    const sent = isChunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body;
    expect((await request(service.app, 'POST /orders', headers, sent)).status).toBe(status);
  });

  it.each([
    ['', ''],
    ['json', ''],
    ['application/json; charset=iso-8859-1', ''],
    ['application/json', 'gzip'],
  ])('without a byte, chunked, of type "%s" and coding "%s" is none', async (type, coding) => {
    const headers = { 'content-type': type, 'content-encoding': coding, 'transfer-encoding': 'chunked' };
    expect((await request(service.app, 'POST /admin/parked/replay', headers, '0\r\n\r\n')).status).toBe(202);
    const sent = await request(service.app, 'POST /admin/parked/replay', headers, '2\r\n{}\r\n0\r\n\r\n');
    expect([sent.status, sent.headers['accept-encoding']]).toEqual([415, coding === '' ? undefined : 'identity']);
  });

  it('of a GET is nobody’s, whatever it is', async () => {
    const headers = { 'content-type': 'text/plain; charset=latin1', 'content-length': '1', 'content-encoding': 'gzip' };
    expect((await request(service.app, 'GET /menu', headers, '\xff')).status).toBe(200);
  });

  it.each([
    ['application/json; charset =iso-8859-1', 415],
    ['application/json; charset*=iso-8859-1', 415],
    ['application/json; Charset="latin1"', 415],
    ['application/json; charset=us-ascii', 201],
    ['application/json; charset="UTF-8"; x=y', 201],
  ])('of type %s is %i', async (type, status) => {
    const body = order('c');
    const headers = { 'content-type': type, 'content-length': String(body.length) };
    expect((await request(service.app, 'POST /orders', headers, body)).status).toBe(status);
  });

  it.each([
    ['X-Actor', 'a\r\nX-Actor: b'],
    ['Content-Type', 'application/json\r\nContent-Type: text/plain'],
  ])('with two %s headers is 400', async (name, value) => {
    const headers = { ...JSON_TYPE, [name]: value };
    const { status, body } = await request(service.app, 'POST /admin/parked/replay', headers);
    expect({ status, detail: body.detail as string }).toEqual({
      status: 400,
      detail: `There must be one ${name.toLowerCase()} header.`,
    });
  });

  it('that is a part of a whole cannot be put', async () => {
    const body = JSON.stringify({ name: 'Ada', email: 'ada@example.com' });
    const headers = { ...JSON_TYPE, 'content-range': 'bytes 0-9/100', 'content-length': String(body.length) };
    expect((await request(service.app, 'PUT /customers/part', headers, body)).status).toBe(400);
    expect((await service.get('/customers/part')).status).toBe(404);
  });

  it('answered by 304 is told nothing of a body', async () => {
    await send('PUT /customers/304', JSON.stringify({ name: 'Ada', email: 'ada@example.com' }));
    await service.getProjected('/customers/304?minRevision=0');
    const { status, headers } = await request(service.app, 'GET /customers/304', { 'if-none-match': '"0"' });
    expect([status, headers['content-length'], headers['etag']]).toEqual([304, undefined, '"0"']);
  });
});
