import { Agent, request } from 'node:http';

export interface TimedAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly etag: string | undefined;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly body: any;
  /** Milliseconds from the first byte sent to the last one received. */
  readonly took: number;
}

export interface Caller {
  get(path: string): Promise<TimedAnswer>;
  post(path: string, body: object, headers?: Readonly<Record<string, string>>): Promise<TimedAnswer>;
  close(): void;
}

/** Calls a service over connections that it keeps open, at most `connections` of them. */
export function createCaller(urlOf: (path: string) => string, connections = 500): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const call = (method: string, path: string, body?: object, headers: Readonly<Record<string, string>> = {}) => {
    const started = performance.now();
    return new Promise<TimedAnswer>((resolve, reject) => {
      const sent = request(
        urlOf(path),
        { method, agent, headers: { ...(body && { 'content-type': 'application/json' }), ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            resolve({
              status: response.statusCode ?? 0,
              retryAfter: response.headers['retry-after'],
              etag: response.headers.etag,
              body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
              took: performance.now() - started,
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body && JSON.stringify(body));
    });
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body, headers) => call('POST', path, body, headers),
    close: () => agent.destroy(),
  };
}

/** The body of a small order. */
export function pizza(name = 'Margherita'): object {
  return { customerId: 'customer-1', items: [{ name, quantity: 1, unitPrice: '25.00' }] };
}
