import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { EventStoreUnavailableError } from '../../src/eventstoredb/errors.ts';
import { CAUGHT_UP } from '../../src/eventstoredb/wire/read.ts';
import { readLog } from '../../src/read-models/log-reader.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A client whose subscription sends what the test writes into it. */
function clientOf(subscriptions: readonly PassThrough[]): EventStoreDBClient {
  const left = subscriptions.map((stream) => Object.assign(stream, { cancel: () => stream.destroy() })).values();
  return { GRPCStreamCreator: () => () => Promise.resolve(left.next().value) } as unknown as EventStoreDBClient;
}

const eventAt = (position: number) => ({
  position: { commit: BigInt(position), prepare: BigInt(position) },
  streamId: 'PizzaOrder-1',
});

function subscription(): PassThrough {
  return new PassThrough({ objectMode: true });
}

async function positionsOf(pages: ReturnType<typeof readLog>): Promise<bigint[][]> {
  const all: bigint[][] = [];
  for await (const { events } of pages) all.push(events.map(({ position }) => position.commit));
  return all;
}

describe('reading the log', () => {
  test('up to its end, gives full pages and the rest', async () => {
    const stream = subscription();
    const reading = positionsOf(readLog(clientOf([stream]), [], undefined, 2));
    for (let position = 1; position <= 5; position += 1) stream.write(eventAt(position));
    await turn();
    stream.write(CAUGHT_UP);
    expect(await reading).toEqual([[1n, 2n], [3n, 4n], [5n]]);
  });

  test('by a slow reader, that is told of the end while much is buffered, ends at it all the same', async () => {
    const stream = subscription();
    const pages = readLog(clientOf([stream]), [], undefined, 2);
    const first = pages.next();
    for (let position = 1; position <= 7; position += 1) stream.write(eventAt(position));
    expect((await first).value?.events).toHaveLength(2);
    await turn();
    stream.write(CAUGHT_UP);
    stream.write(eventAt(8)); // after the end
    expect(await positionsOf(pages)).toEqual([[3n, 4n], [5n, 6n], [7n]]);
    expect(stream.destroyed).toBe(true);
  });

  test('whose subscription is dropped, goes on with another one after the last page', async () => {
    const [dropped, next] = [subscription(), subscription()];
    const reading = positionsOf(readLog(clientOf([dropped, next]), [], undefined, 2));
    for (let position = 1; position <= 3; position += 1) dropped.write(eventAt(position));
    await turn();
    await turn(); // the second page is begun in the one after the first
    dropped.destroy(new Error('a slow reader'));
    await turn();
    next.write(eventAt(4));
    await turn();
    next.write(CAUGHT_UP);
    expect(await reading).toEqual([[1n, 2n], [3n], [4n]]);
  });

  test('from a server that says nothing, is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const failing = expect(positionsOf(readLog(clientOf([subscription()]), []))).rejects.toThrow(
      EventStoreUnavailableError,
    );
    await vi.advanceTimersByTimeAsync(20_000);
    await failing;
  });
});
