import type { ServerWritableStream } from '@grpc/grpc-js';
import { createOutbox } from './outbox.ts';
import type { OpenCalls } from './open-calls.ts';
import { callCancelled, type RpcError } from './rpc-errors.ts';

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
    leave();
    release();
    for (const listener of listeners) listener();
  };
  const fail = (error: RpcError): void => {
    if (closed) return;
    close();
    call.emit('error', error);
  };
  const leave = calls.add(() => fail(callCancelled()));
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
