import type { EventData, RecordedEvent } from '@eventstore/db-client';

export const CREATED = new Date('2026-03-01T18:00:00.123Z');

interface Stored {
  readonly id?: string;
  readonly type: string;
  readonly stream: string;
  readonly revision?: number;
  readonly isJson?: boolean;
  readonly data: unknown;
  readonly metadata?: unknown;
}

/** An event as the client hands it out, of whatever somebody may have stored. */
export function recorded({ id, type, stream, revision = 0, isJson = true, data, metadata }: Stored): RecordedEvent {
  return {
    id: id ?? '00000000-0000-4000-8000-000000000001',
    type,
    streamId: stream,
    revision: BigInt(revision),
    isJson,
    created: CREATED,
    data,
    metadata,
  } as RecordedEvent;
}

/** What reading a proposed event gives, its data and metadata having been JSON in between. */
export function storedAs(proposed: EventData, stream: string, revision = 0): RecordedEvent {
  const { id, type, contentType } = proposed;
  const { data, metadata } = JSON.parse(JSON.stringify(proposed)) as { data: unknown; metadata: unknown };
  return recorded({ id, type, stream, revision, isJson: contentType === 'application/json', data, metadata });
}
