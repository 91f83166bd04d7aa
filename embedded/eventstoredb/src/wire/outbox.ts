import type { Writable } from 'node:stream';

/** Writes to one client, and knows how much of it has not gone out. */
export interface Outbox {
  /** False when the client lags behind: `onRoom` is called when it has caught up. */
  write(message: Buffer): boolean;
  readonly congested: boolean;
}

/** Bytes that may wait for a client. gRPC's own measure counts messages, whatever their size. */
const MOST_WAITING = 256 << 10;

export function createOutbox(call: Writable, onRoom: () => void): Outbox {
  let waiting = 0;
  let congested = false;
  return {
    get congested() {
      return congested;
    },
    write(message) {
      waiting += message.length;
      if (waiting > MOST_WAITING) congested = true;
      call.write(message, () => {
        waiting -= message.length;
        if (!congested || waiting > MOST_WAITING / 2) return;
        congested = false;
        onRoom();
      });
      return !congested;
    },
  };
}
