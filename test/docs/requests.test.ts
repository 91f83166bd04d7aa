import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './markdown.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const file = readFileSync(join(ROOT, 'requests.http'), 'utf8');

let service: ServiceProcess;
const placed = { id: '', refundId: '', itemTag: '' };
beforeAll(async () => {
  service = await startServiceProcess();
});
afterAll(() => service.close());

interface Request {
  readonly title: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function parse(block: string): Request {
  const [head = '', ...bodies] = block.split('\n\n');
  const [title = '', ...lines] = head.split('\n').filter((line) => !line.startsWith('#'));
  const [requestLine = '', ...headers] = lines;
  const [method = '', url = ''] = requestLine.split(' ');
  const pairs = headers.map((header) => header.split(': ', 2));
  return { title, method, url, headers: Object.fromEntries(pairs) as Request['headers'], body: bodies.join('\n\n') };
}

const requests = file.split('### ').slice(1).map(parse);

describe('requests.http', () => {
  const twice = [1, 2].flatMap((time) => requests.map((request) => [request.title, time, request] as const));
  test.each(twice)(
    '%s: the request, sent as it stands, time %i, gets what its title says',
    async (title, _, { method, url, headers: written, body }) => {
      const headers = Object.fromEntries(
        Object.entries(written).map(([name, value]) => [
          name,
          value.replace('{{item.response.headers.ETag}}', placed.itemTag),
        ]),
      );
      const target = url
        .replace('{{base}}', service.base)
        .replace('{{place.response.body.$.id}}', placed.id)
        .replace('{{cancel.response.body.$.refunds[0].refundId}}', placed.refundId);
      const response = await fetch(target, { method, headers, ...(body.trim() !== '' && { body }) });
      if (response.headers.get('content-type') === 'text/event-stream') {
        expect(response.status).toBe(200);
        await response.body?.cancel(); // it would go on
        return;
      }
      const answer = (await response.json()) as { id?: string; refunds?: { refundId: string }[] };
      if (title === 'Place an order') placed.id = answer.id ?? '';
      if (title === 'Put an item on the menu') placed.itemTag = response.headers.get('etag') ?? '';
      placed.refundId = answer.refunds?.[0]?.refundId ?? placed.refundId;
      const problem = /^[45]\d\d/.exec(title)?.[0];
      if (problem === undefined) expect(response.ok, JSON.stringify(answer)).toBe(true);
      else expect(response.status).toBe(Number(problem));
    },
  );

  test('its requests, compared with those of the README, are the same', () => {
    const tour = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^curl .*\$BASE(\/[^\s"?]*)/gm)];
    const known = new Set(requests.map(({ url }) => url.replace('{{base}}', '').split('?', 1)[0]));
    const missing = tour.map(([, path = '']) => path.replace('$ORDER', '{{place.response.body.$.id}}'));
    expect(missing.length).toBeGreaterThan(5);
    expect(missing.filter((path) => !known.has(path))).toEqual([]);
  });
});
