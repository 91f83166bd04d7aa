import type { AllStreamRecordedEvent, Position } from '@eventstore/db-client';
import type { LogPage } from './log-reader.ts';

/** Events of a page of the log for `gatherLog`: few, since all that is kept of them is what they come to. */
export const GATHERED_PAGE = 500;

/** So few that reads of others find MongoDB free now and then, so many that it always has work. */
export const WRITES_AT_ONCE = 4;

/** Takes the events of the log in their order, and writes what they have come to, much at a time. */
export interface Gatherer {
  add(event: AllStreamRecordedEvent): void;
  /** Whether so much waits that it should be written. */
  isFull(): boolean;
  /** How many streams began in what was added so far, with an event that can be read. */
  begun(): number;
  /**
   * Writes what was added before this call, while more is added; never called again before it has ended.
   *
   * @param all false: what is likely to change soon may stay for the next call
   * @returns where the first event is that is in nothing written; undefined when there is none
   */
  write(all: boolean): Promise<Position | undefined>;
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
 * @param onWritten told how far everything is written, to the end of a page
 * @throws what `pages`, the gatherer or `onWritten` throws
 */
export async function gatherLog(
  pages: AsyncIterable<LogPage>,
  gatherer: Gatherer,
  onWritten: (gathered: Gathered) => Promise<void>,
): Promise<void> {
  let writing = Promise.resolve();
  /** Ends of pages that are not written, or not all of them. */
  let ends: Gathered[] = [];
  let begun = 0;
  const [reading] = await Promise.allSettled([read()]);
  await writing;
  await write(true);
  if (reading.status === 'rejected') throw reading.reason;

  async function read(): Promise<void> {
    for await (const { events, position } of pages) {
      for (const event of events) gatherer.add(event);
      ends.push({ events: events.length, streams: gatherer.begun() - begun, position });
      begun = gatherer.begun();
      if (!gatherer.isFull()) continue;
      await writing;
      writing = write(false);
      writing.catch(() => undefined); // whoever waits for it next gets it
    }
  }

  async function write(all: boolean): Promise<void> {
    const added = ends.length;
    const unwritten = await gatherer.write(all);
    const written = ends.slice(0, added).filter(({ position }) => !unwritten || isBefore(position, unwritten));
    const last = written.at(-1);
    if (!last) return;
    ends = ends.slice(written.length);
    const sum = (count: 'events' | 'streams') => written.reduce((total, end) => total + end[count], 0);
    await onWritten({ events: sum('events'), streams: sum('streams'), position: last.position });
  }
}

function isBefore(one: Position, other: Position): boolean {
  return one.commit < other.commit || (one.commit === other.commit && one.prepare < other.prepare);
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
  const each = [first, ...others];
  return {
    add: (event) => each.forEach((gatherer) => gatherer.add(event)),
    isFull: () => each.some((gatherer) => gatherer.isFull()),
    begun: () => first.begun(),
    async write(all) {
      const unwritten = await Promise.all(each.map((gatherer) => gatherer.write(all)));
      return unwritten.reduce((one, other) => (one && other ? (isBefore(other, one) ? other : one) : (one ?? other)));
    },
  };
}
