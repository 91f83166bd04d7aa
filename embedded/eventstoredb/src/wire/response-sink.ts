import type { ServerWritableStream } from '@grpc/grpc-js';
import { createOutbox } from './outbox.ts';
import { callCancelled, type RpcError } from './rpc-errors.ts';

/** How to end each call that is being served, so that a server that stops ends it with a clear error. */
export type OpenCalls = Set<() => void>;

/** The response stream of one call, with its back-pressure as promises. */
export interface ResponseSink {
  /** True once the client is gone. */
  readonly closed: boolean;
  /** False when the client does not keep up: then wait for `drained`. */
  write(message: Buffer): boolean;
  /** Resolves when there is room again, or the client is gone. */
  drained(): Promise<void>;
  /** Lets the event loop serve others. */
  turn(): Promise<void>;
  onClose(listener: () => void): void;
  end(): void;
  fail(error: RpcError): void;
}

export function createResponseSink(call: ServerWritableStream<unknown, Buffer>, calls: OpenCalls): ResponseSink {
  let closed = false;
  let waiting: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  const release = (): void => {
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve();
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    calls.delete(stop);
    release();
    for (const listener of listeners) listener();
  };
  const fail = (error: RpcError): void => {
    if (closed) return;
    close();
    call.emit('error', error);
  };
  const stop = (): void => fail(callCancelled());
  calls.add(stop);
  const outbox = createOutbox(call, release);
  call.on('cancelled', close);
  call.on('close', close);
  call.on('error', close);

  return {
    get closed() {
      return closed;
    },
    write: (message) => closed || outbox.write(message),
    drained: () =>
      new Promise((resolve) => {
        if (closed || !outbox.congested) resolve();
        else waiting.push(resolve);
      }),
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    onClose: (listener) => void listeners.push(listener),
    end() {
      if (closed) return;
      close();
      call.end();
    },
    fail,
  };
}
