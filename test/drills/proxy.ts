import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What the proxy does to the bytes between a driver and its store. */
type Fault =
  | { readonly type: 'none' }
  /** Ends every connection and refuses new ones. */
  | { readonly type: 'cut' }
  /** Passes every byte on, this many milliseconds later. */
  | { readonly type: 'delay'; readonly ms: number }
  /**
   * Swallows what either side sends, and closes nothing. A connection that was open meanwhile has lost bytes, so that
   * it stays like this for good, as one does whose other end has vanished.
   */
  | { readonly type: 'half-open' }
  /** Requests get through, answers are withheld. */
  | { readonly type: 'hold-answers' }
  /** Resets a connection in the midst of a large message, after its first half. */
  | { readonly type: 'cut-midway' };

export interface FaultProxy {
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  /** Where new connections go from now on. */
  target(port: number): void;
  set(fault: Fault): void;
  /** Chunks of requests that it took so far. */
  passed(): number;
  /** Resets every open connection: with answers withheld, after the request and before the answer. */
  reset(): void;
  /** Closes every open connection as a process does that ends: by a FIN, and a reset for what is sent after it. */
  finish(): void;
  close(): Promise<void>;
}

const NO_FAULT: Fault = { type: 'none' };
/** Bytes that come at once of a message that holds several documents. */
const LARGE = 2000;

/** A TCP proxy on loopback that injects faults between a driver and its store. */
export async function startProxy(targetPort = 0): Promise<FaultProxy> {
  let fault = NO_FAULT;
  let to = targetPort;
  let passed = 0;
  const links = new Set<Link>();
  const server = createServer((client) => {
    if (fault.type === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const link = createLink(client, connect(to, '127.0.0.1'), () => fault);
    client.on('data', () => (passed += 1));
    links.add(link);
    client.once('close', () => links.delete(link));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const reset = () => {
    for (const link of links) link.reset();
  };
  return {
    port: (server.address() as AddressInfo).port,
    target: (port) => (to = port),
    set(next) {
      fault = next;
      if (fault.type === 'cut') reset();
      if (fault.type === 'half-open') for (const link of links) link.swallow();
      if (fault.type === 'none') for (const link of links) link.release();
    },
    passed: () => passed,
    reset,
    finish() {
      for (const link of links) link.finish();
    },
    async close() {
      reset();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Link {
  reset(): void;
  finish(): void;
  /** From now on nothing gets through any more. */
  swallow(): void;
  /** Lets withheld answers go. */
  release(): void;
}

function createLink(client: Socket, server: Socket, fault: () => Fault): Link {
  let isSwallowing = fault().type === 'half-open';
  let isHeld: Promise<void> | undefined;
  let letGo: () => void = () => undefined;
  const reset = () => {
    client.resetAndDestroy();
    server.destroy();
  };
  const held = async (isAnswer: boolean) => {
    if (!isAnswer || fault().type !== 'hold-answers') return;
    isHeld ??= new Promise((resolve) => (letGo = resolve));
    await isHeld;
    isHeld = undefined;
  };
  const pass = (from: Socket, into: Socket, isAnswer: boolean) => {
    let queue = Promise.resolve();
    const forward = async (chunk: Buffer, due: number) => {
      const wait = due - performance.now();
      if (wait > 0) await delay(wait);
      await held(isAnswer);
      if (isSwallowing || into.destroyed) return;
      if (fault().type === 'cut-midway' && chunk.length >= LARGE) {
        into.write(chunk.subarray(0, chunk.length / 2), reset);
        return;
      }
      if (into.write(chunk)) return;
      from.pause();
      into.once('drain', () => from.resume());
    };
    from.on('data', (chunk: Buffer) => {
      if (isSwallowing) return;
      const current = fault();
      const due = performance.now() + (current.type === 'delay' ? current.ms : 0);
      queue = queue.then(() => forward(chunk, due));
    });
    from.once('close', () => {
      void queue.then(() => {
        if (!isSwallowing || isAnswer) into.destroy();
      });
    });
    from.on('error', () => from.destroy()); // a reset: the other side's end follows from its close
  };
  client.setNoDelay(true);
  server.setNoDelay(true);
  pass(client, server, false);
  pass(server, client, true);
  server.once('error', () => {
    if (!isSwallowing) client.resetAndDestroy();
  });
  return {
    reset,
    finish() {
      client.destroy();
      server.destroy();
    },
    swallow: () => (isSwallowing = true),
    release: () => letGo(),
  };
}
