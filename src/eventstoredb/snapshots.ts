import { randomUUID } from 'node:crypto';
import type { Category } from '../domain/categories.ts';
import type { Snapshot, SnapshotCodec } from './snapshot-codec.ts';
import type { StreamStore } from './streams.ts';
import type { ProposedEvent } from './wire/append.ts';

export interface SnapshotStore<State> {
  /** The newest snapshot if it can be used. Whether it fits the aggregate's stream is for the reader to check. */
  read(id: string): Promise<Snapshot<State> | undefined>;
  write(id: string, snapshot: Snapshot<State>): Promise<void>;
}

/** Snapshots in streams of their own, `{category}Snapshot-{id}`, of which only the newest event is kept. */
export function createSnapshotStore<State>(
  streams: StreamStore,
  category: Category,
  codec: SnapshotCodec<State>,
): SnapshotStore<State> {
  const type = `${category}Snapshot`;
  return {
    async read(id) {
      const last = await streams.readLast(streams.streamOf(type, id));
      return last && codec.decode(last.data);
    },

    async write(id, snapshot) {
      const stream = streams.streamOf(type, id);
      await streams.put(`$$${stream}`, eventOf('$metadata', { $maxCount: 1 }));
      await streams.put(stream, eventOf(type, codec.encode(snapshot)));
    },
  };
}

function eventOf(type: string, data: object): ProposedEvent {
  return { id: randomUUID(), type, data: JSON.stringify(data), metadata: '' };
}
