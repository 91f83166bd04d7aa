import type { AllStreamRecordedEvent, Position } from '@eventstore/db-client';
import { inOneStep } from '../database.ts';
import type { LogPage } from '../log-reader.ts';
import { markLog, markOfLast } from './log-mark.ts';
import { type Projection, type ReadModelContext, toLogEvents } from '../read-model.ts';

/** What has been written since the last report. */
export interface Written {
  readonly events: number;
  /** Documents begun in these events. */
  readonly documents: number;
  /** Position of the last event. */
  readonly position: Position;
}

/**
 * Projects the log, and writes what was read and folded part by part. If reading fails, what was read is written all the
 * same.
 *
 * @param onWritten is told up to where everything has been written
 * @throws what `pages`, the projection or `onWritten` throws
 */
export async function projectLog(
  pages: AsyncIterable<LogPage>,
  context: Pick<ReadModelContext, 'db' | 'streams' | 'streamPrefix'>,
  projection: Projection,
  onWritten: (written: Written) => Promise<void>,
): Promise<void> {
  let count = 0;
  let begun = 0;
  let position: Position | undefined;
  let last: readonly AllStreamRecordedEvent[] = [];
  const [reading] = await Promise.allSettled([read()]);
  await write();
  if (reading.status === 'rejected') throw reading.reason;

  async function read(): Promise<void> {
    for await (const page of pages) {
      const events = await toLogEvents(context, page.events);
      await inOneStep(projection.add(events));
      count += page.events.length;
      position = page.position;
      last = page.events;
      if (projection.isFull()) await write();
    }
  }

  async function write(): Promise<void> {
    if (!position) return;
    const written = { events: count, documents: projection.begun() - begun, position, last };
    begun += written.documents;
    count = 0;
    position = undefined;
    await inOneStep(projection.write());
    await inOneStep(markLog(context.db, markOfLast(written.last)));
    await onWritten(written);
  }
}
