import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { checkAccessibility, describePages, overflow } from '../support/browser.ts';
import { until } from '../support/until.ts';

/** As strict as that of the service's pages. */
const POLICY = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src *; base-uri 'none';
  form-action 'self'; require-trusted-types-for 'script'`.replaceAll(/\s+/g, ' ');
const COLOURS = `:root { color-scheme: light dark } p { color: #777; background: #fff }
  @media (prefers-color-scheme: dark) { p { color: #fff; background: #000 } }`;

/** A page that tests have a look at, and what it loads. */
const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/': ['text/html', page('<script src="/script.js"></script>')],
  '/script.js': ['text/javascript', ''],
  '/inline': ['text/html', page('<script>document.title = "Changed"</script>')],
  '/markup': ['text/html', page('<script src="/markup.js"></script>')],
  '/markup.js': ['text/javascript', 'document.body.innerHTML = "<p>Markup</p>"'],
  '/throws': ['text/html', page('<script src="/throws.js"></script>')],
  '/throws.js': ['text/javascript', 'setTimeout(() => { throw new Error("thrown in the page") })'],
  '/misses': ['text/html', page('<img src="/nothing.png" alt="">')],
  '/asks': ['text/html', page('<script src="/asks.js"></script>')],
  '/asks.js': ['text/javascript', 'fetch("http://127.0.0.1:1/")'],
  '/pale': ['text/html', page('<link rel="stylesheet" href="/pale.css"><p>Pale in the light</p>')],
  '/pale.css': ['text/css', COLOURS],
  '/wide': ['text/html', page('<link rel="stylesheet" href="/wide.css"><p>Wide</p>')],
  '/wide.css': ['text/css', 'p { width: 500px }'],
};

function page(content: string): string {
  return `<!doctype html><html lang="en"><title>Page</title><main><h1>Page</h1>${content}</main></html>`;
}

describePages('a test of pages', (pages) => {
  let base: string;
  beforeAll(async () => {
    const server = createServer(({ url = '' }, response) => {
      const [type, text] = FILES[url] ?? [];
      response.writeHead(text === undefined ? 404 : 200, {
        'content-type': type ?? 'text/plain',
        'content-security-policy': POLICY,
      });
      response.end(text);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return () => {
      server.closeAllConnections();
      server.close();
    };
  });

  test('of one that does as it should sees no fault, and nothing that keeps people out', async () => {
    const opened = await pages.open(`${base}/`);
    await checkAccessibility(opened);
    expect(pages.faults()).toEqual([]);
    expect(await overflow(opened)).toBe(0);
  });

  test.each([
    ['/inline', /^console error: policy violation: script-src-elem of inline/],
    ['/markup', /^console error: policy violation: require-trusted-types-for/],
    ['/throws', /^page error: Error: thrown in the page/],
    ['/misses', /^console error: .*404 \(Not Found\) \(http:.*\/nothing\.png\)$/],
    ['/asks', /^other origin: GET http:\/\/127\.0\.0\.1:1\/$/],
    ['/asks', /^failed request: GET http:\/\/127\.0\.0\.1:1\/ net::ERR_/],
  ])('of %s sees the fault %s', async (path, fault) => {
    pages.expectFault(/./);
    await pages.open(`${base}${path}`);
    await until('the fault is seen', () => pages.faults().some((seen) => fault.test(seen)));
  });

  test.fails('fails at its end for a fault that it did not expect', async () => {
    pages.expectFault(/something else/);
    await pages.open(`${base}/inline`);
    await until('the fault is seen', () => pages.faults().length > 0);
  });

  test('sees what keeps people out in one colour scheme only, and leaves the page in the one that it had', async () => {
    const context = await pages.newContext({ colorScheme: 'dark' });
    const opened = await pages.open(`${base}/pale`, context);
    const checked = checkAccessibility(opened);
    await expect(checked).rejects.toThrow(/color-contrast, light: p\n/);
    await expect(checked).rejects.not.toThrow(/, dark:/);
    expect(await opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")).toBe(true);
  });

  test('sees that a page does not fit the window of a phone', async () => {
    const phone = await pages.newContext({ viewport: { width: 320, height: 640 } });
    expect(await overflow(await pages.open(`${base}/`, phone))).toBe(0);
    expect(await overflow(await pages.open(`${base}/wide`, phone))).toBeGreaterThan(0);
  });
});
