import type { RecordedEvent } from '@eventstore/db-client';
import type { ProposedEvent } from '../../src/eventstoredb/wire/append.ts';

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

/** What reading a proposed event gives. */
export function storedAs(proposed: ProposedEvent, stream: string, revision = 0): RecordedEvent {
  const { id, type, data, metadata } = proposed;
  return recorded({ id, type, stream, revision, data: JSON.parse(data), metadata: JSON.parse(metadata) });
}
