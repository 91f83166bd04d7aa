import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EmbeddedOptions, EmbeddedServer } from '@marios-pizzeria/embedded-host';
import type Provider from 'oidc-provider';
import { choicePage, PEOPLE } from './people.ts';

/** The path of a login that is under way. */
const INTERACTION = /^\/interaction\/[\w-]+$/;
const MOST_BYTES = 1024;

/**
 * Starts the issuer in this thread. Its URL is the `iss` of its tokens. The library behind it takes as long to load as
 * the service does, so it is loaded with the first request: whoever only starts the service doesn't wait for it.
 */
export async function startServer({ port }: EmbeddedOptions): Promise<EmbeddedServer> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let loading: ReturnType<typeof load> | undefined;
  server.on('request', (request, response) => {
    loading ??= load(url);
    loading.then(
      ({ provider, answer }) => {
        if (INTERACTION.test(request.url ?? '')) interact(provider, request, response).catch(() => refuse(response));
        else void answer(request, response);
      },
      (error: unknown) => server.emit('error', error),
    );
  });
  return {
    url,
    failed: new Promise((_, reject) => server.once('error', reject)),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function load(url: string) {
  const { createProvider } = await import('./provider.ts');
  const provider = await createProvider(url);
  return { provider, answer: provider.callback() };
}

/** Shows the page on which a person is chosen, and takes the choice. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await provider.interactionDetails(request, response); // rejects when this browser has no such login under way
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(choicePage());
    return;
  }
  const person = new URLSearchParams(await textOf(request)).get('person');
  const chosen = PEOPLE.find(({ id }) => id === person);
  if (chosen) await provider.interactionFinished(request, response, { login: { accountId: chosen.id } });
  else refuse(response);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > MOST_BYTES) throw new Error('this is no choice of a person');
  }
  return text;
}

function refuse(response: ServerResponse): void {
  if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
  response.end('There is no such login under way. Please begin it again.\n');
}
