import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body; undefined for an empty one. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly body: any;
}

/** Host and port of an app that listens. */
export function addressOf({ server }: FastifyInstance): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** A connection without a client's manners: what is written is sent as it is, and what comes is kept as it is. */
export async function openConnection(app: FastifyInstance) {
  const socket: Socket = connect(addressOf(app));
  let received = Buffer.alloc(0);
  let failure: Error | undefined;
  socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.on('error', (error) => (failure = error));
  await once(socket, 'connect');
  return {
    socket,
    text: () => received.toString(),
    send: (bytes: string | Uint8Array) => socket.write(bytes),
    /** Sends all of it, and looks at no answer before. */
    async sendAll(bytes: Uint8Array): Promise<void> {
      socket.pause();
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.resume();
    },
    /** The answer, when the server has closed the connection. */
    async closed(): Promise<RawAnswer> {
      if (!socket.destroyed) await once(socket, 'close');
      if (failure) throw failure;
      return parseAnswer(received.toString());
    },
  };
}

/** One request on a connection of its own. */
export async function request(
  app: FastifyInstance,
  requestLine: string,
  headers: Readonly<Record<string, string | Uint8Array>> = {},
  body: string | Uint8Array = '',
): Promise<RawAnswer> {
  const connection = await openConnection(app);
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...headers });
  const head = lines.flatMap(([name, value]) => [Buffer.from(`${name}: `), Buffer.from(value), Buffer.from('\r\n')]);
  connection.send(
    Buffer.concat([Buffer.from(`${requestLine} HTTP/1.1\r\n`), ...head, Buffer.from('\r\n'), Buffer.from(body)]),
  );
  return connection.closed();
}

export function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const body = rest.join('\r\n\r\n');
  const headers = lines.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 2),
  ]);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: body === '' ? undefined : (JSON.parse(body) as unknown),
  };
}
