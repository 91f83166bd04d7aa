import type { Message } from './message.ts';

/** Where a stream is written to. */
export interface Output {
  /** @returns false if it is full: `drained` of the reader is called once there is room again */
  write(text: string | Buffer): boolean;
}

/** What is sent to many readers alike. */
export interface Batch {
  readonly messages: readonly Message[];
  /** The texts of all messages. */
  readonly bytes: Buffer;
}

export type Reader = ReturnType<typeof createReader>;

/** Bytes that wait for a reader, apart from those that its connection has taken. */
const MOST_WAITING = 256 * 1024;

/**
 * One reader of a stream. Nobody waits for it: as long as its connection is full, the newest message about each thing
 * is kept for it, and the older ones are dropped.
 *
 * @param tooSlow called when more waits for the reader than is kept
 */
export function createReader(output: Output, tooSlow: () => void) {
  const waiting = new Map<string, string>();
  let bytes = 0;
  let fullSince: number | undefined;
  let roomFor: (() => void)[] = [];

  const write = (text: string | Buffer) => {
    if (!output.write(text)) fullSince ??= performance.now();
  };

  return {
    /** Milliseconds since there was room for it; 0 if there is. */
    stuckFor: () => (fullSince === undefined ? 0 : performance.now() - fullSince),

    take({ messages, bytes: all }: Batch): void {
      if (fullSince === undefined) write(all);
      else for (const message of messages) keep(message);
    },

    /** Writes something now or, if there is no room, not at all. */
    offer(text: string): void {
      if (fullSince === undefined) write(text);
    },

    /** For what must not be dropped: settles once it is written and there is room for more. */
    async send(text: string | Buffer): Promise<void> {
      write(text);
      if (fullSince !== undefined) await new Promise<void>((resolve) => roomFor.push(resolve));
    },

    /** There is room, or nothing will be written any more. */
    drained(): void {
      fullSince = undefined;
      for (const [about, text] of waiting) {
        waiting.delete(about);
        bytes -= text.length;
        write(text);
        if (isFull()) return;
      }
      const resolved = roomFor;
      roomFor = [];
      for (const resolve of resolved) resolve();
    },
  };

  function keep({ about, text }: Message): void {
    bytes += text.length - (waiting.get(about)?.length ?? 0);
    // Deleted first, so that what waits stays in the order of the ids.
    waiting.delete(about);
    waiting.set(about, text);
    if (bytes > MOST_WAITING) tooSlow();
  }

  function isFull(): boolean {
    return fullSince !== undefined;
  }
}
