import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createParser } from '../../web/live-client.ts';
import { until } from './until.ts';

export interface SeenEvent {
  readonly id: string | undefined;
  readonly event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into data of every shape
  readonly data: any;
}

export interface WatchedStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** All that came so far, and its text. */
  readonly events: readonly SeenEvent[];
  text(): string;
  /** Events of one kind that came so far. */
  of(event: string): SeenEvent[];
  /** Waits until so many events of a kind have come. */
  untilOf(event: string, count?: number): Promise<SeenEvent[]>;
  isEnded(): boolean;
  close(): void;
}

/** Listens, for what `inject` cannot show. @returns the service's address */
export async function listen(app: FastifyInstance): Promise<string> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

/** Opens a stream, or gets the answer that is none. */
export async function openStream(url: string, headers: Readonly<Record<string, string>> = {}): Promise<WatchedStream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject);
  });
  const events: SeenEvent[] = [];
  const parse = createParser();
  let text = '';
  let isEnded = false;
  response.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    if (response.headers['content-type'] === 'text/event-stream') events.push(...parse(bytes));
  });
  response.once('close', () => (isEnded = true)).on('error', () => undefined); // cut by the test or by the service
  const of = (event: string) => events.filter((seen) => seen.event === event);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    text: () => text,
    of,
    untilOf: (event, count = 1) =>
      until(`${count} ${event} came`, () => {
        const found = of(event);
        return found.length >= count && found;
      }).then((found) => found || []),
    isEnded: () => isEnded,
    close: () => response.destroy(),
  };
}
