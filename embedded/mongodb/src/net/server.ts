import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ObjectId } from 'bson';
import type { Context, Reply } from '../handlers/context.ts';
import { createCursors } from '../cursors.ts';
import { errorReply, runCommand } from '../dispatch.ts';
import { equal } from '../bson/compare.ts';
import { Document, isNumber, numeric } from '../bson/values.ts';
import { MongoError } from '../errors.ts';
import type { Store } from '../storage/store.ts';
import { openConnection, type Connection } from './connection.ts';
import { writeReply, type Message } from './wire.ts';

export interface MongoServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly store: Store;
  readonly port: number;
  readonly run?: typeof runCommand;
  /** Loopback only. */
  readonly host?: string;
  readonly now?: () => number;
}

const maxConnections = 2000;
const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/**
 * Serves a store on 127.0.0.1. Whatever the commands of one turn of the event loop write shares one transaction, and
 * no answer leaves before it is on disk.
 *
 * @throws Error when the host is not loopback or the port is taken
 */
export async function serve(options: ServerOptions): Promise<MongoServer> {
  const { store, port, run = runCommand, host = '127.0.0.1', now = Date.now } = options;
  if (!loopback.has(host)) throw new Error(`refusing to listen on ${host}: this server is for the own machine only`);
  const cursors = createCursors(now);
  const connections = new Set<Connection>();
  const waiting: { connection: Connection; message: Message; reply: Reply }[] = [];
  const processId = new ObjectId();
  let lastConnection = 0;
  let lastReply = 0;
  let commitScheduled = false;

  function send(connection: Connection, message: Message, reply: Reply): void {
    if (message.silent || connection.closed) return;
    try {
      connection.send(writeReply(message, reply, ++lastReply));
    } catch (error) {
      connection.send(writeReply(message, errorReply(error), ++lastReply));
    }
  }

  function commit(): void {
    commitScheduled = false;
    let failure: unknown;
    try {
      store.commit();
    } catch (error) {
      failure = error;
    }
    for (const { connection, message, reply } of waiting.splice(0)) {
      send(connection, message, failure === undefined ? reply : errorReply(failure));
    }
  }

  /** A command that reads what is not yet on disk also waits for it. */
  function answer(connection: Connection, message: Message, context: Context): void {
    const reply = run(message.request, context);
    if (!store.inTransaction) {
      send(connection, message, reply);
      return;
    }
    waiting.push({ connection, message, reply });
    if (commitScheduled) return;
    commitScheduled = true;
    setImmediate(commit);
  }

  function accept(socket: Socket): void {
    const watches = new Set<NodeJS.Timeout>();
    const context: Context = {
      store,
      cursors,
      now,
      processId,
      connectionId: ++lastConnection,
    };
    const connection = openConnection(
      socket,
      (message) => {
        const wait = awaitedMillis(message, processId);
        if (wait === undefined) answer(connection, message, context);
        else watch(connection, message, context, wait, watches);
      },
      () => {
        connections.delete(connection);
        for (const timer of watches) clearTimeout(timer);
      },
    );
    connections.add(connection);
  }

  /** A hello that asks to be told of a change: there is none, so the answer comes when its time is over. */
  function watch(
    connection: Connection,
    message: Message,
    context: Context,
    wait: number,
    watches: Set<NodeJS.Timeout>,
  ): void {
    const timer = setTimeout(() => {
      watches.delete(timer);
      if (connection.closed) return;
      const id = ++lastReply;
      const reply = run(message.request, context);
      connection.send(writeReply(message, reply, id, message.exhaustAllowed), message.exhaustAllowed);
      if (message.exhaustAllowed) watch(connection, { ...message, requestId: id }, context, wait, watches);
    }, wait);
    timer.unref();
    watches.add(timer);
  }

  const server = createServer(accept);
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      commit();
      for (const connection of connections) connection.end();
      await closed;
      store.close();
    },
  };
}

const helloNames = new Set(['hello', 'isMaster', 'ismaster']);
const longestWait = 60_000;

/** How long a hello may wait for news; undefined: it wants an answer now, or knows another server's state. */
function awaitedMillis({ request }: Message, processId: ObjectId): number | undefined {
  if (request instanceof MongoError || !helloNames.has(request.name)) return undefined;
  const wait = request.body['maxAwaitTimeMS'];
  const known = request.body['topologyVersion'];
  const current = known instanceof Document && equal(known['processId'] ?? null, processId);
  if (!current || !isNumber(wait)) return undefined;
  return Math.min(Math.max(Number(numeric(wait)), 0), longestWait);
}
