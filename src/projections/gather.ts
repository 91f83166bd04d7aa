import type { AllStreamRecordedEvent, Position } from '@eventstore/db-client';
import type { LogPage } from './catch-up.ts';

/** Events of a page of the log for `gatherLog`: few, since all that is kept of them is what they come to. */
export const GATHERED_PAGE = 500;

/** So few that reads of others find MongoDB free now and then, so many that it always has work. */
export const WRITES_AT_ONCE = 4;

/** Takes the events of the log in their order, and writes what they have come to, much at a time. */
export interface Gatherer {
  add(event: AllStreamRecordedEvent): void;
  /** Whether so much waits that it should be written. */
  isFull(): boolean;
  /**
   * Writes what was added before this call, while more is added; never called again before it has ended.
   *
   * @returns how many streams begin in it, with an event that can be read
   */
  write(): Promise<number>;
}

/** What has been written since the last report. */
export interface Gathered {
  readonly events: number;
  readonly streams: number;
  /** Of the last event. */
  readonly position: Position;
}

/**
 * Writes one part of the log while the next one is read and folded. When reading ends early, what has been read is
 * written all the same.
 *
 * @throws what `pages`, the gatherer or `onWritten` throws
 */
export async function gatherLog(
  pages: AsyncIterable<LogPage>,
  gatherer: Gatherer,
  onWritten: (gathered: Gathered) => Promise<void>,
): Promise<void> {
  let writing = Promise.resolve();
  let events = 0;
  let last: Position | undefined;
  const [reading] = await Promise.allSettled([read()]);
  await writing;
  if (events > 0 && last) await write(events, last);
  if (reading.status === 'rejected') throw reading.reason;

  async function read(): Promise<void> {
    for await (const page of pages) {
      for (const event of page.events) gatherer.add(event);
      events += page.events.length;
      last = page.position;
      if (!gatherer.isFull()) continue;
      await writing;
      writing = write(events, last);
      writing.catch(() => undefined); // whoever waits for it next gets it
      events = 0;
    }
  }

  async function write(count: number, position: Position): Promise<void> {
    await onWritten({ events: count, streams: await gatherer.write(), position });
  }
}

/** Gives a gatherer only the events that it is for. */
export function only(isFor: (event: AllStreamRecordedEvent) => boolean, gatherer: Gatherer): Gatherer {
  return {
    ...gatherer,
    add(event) {
      if (isFor(event)) gatherer.add(event);
    },
  };
}

/** Gathers for several read models at once; the first one counts the streams. */
export function together(first: Gatherer, ...others: readonly Gatherer[]): Gatherer {
  const all = [first, ...others];
  return {
    add: (event) => all.forEach((gatherer) => gatherer.add(event)),
    isFull: () => all.some((gatherer) => gatherer.isFull()),
    async write() {
      const [streams = 0] = await Promise.all(all.map((gatherer) => gatherer.write()));
      return streams;
    },
  };
}
