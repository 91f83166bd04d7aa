import { expect, test } from 'vitest';
import type { Message } from '../../src/live/message.ts';
import { createReader } from '../../src/live/reader.ts';
import { batchOf } from '../../src/http/live/audience.ts';

/** A reader whose connection takes so many writes before it is full. */
function readerWithRoomFor(writes: number) {
  const written: string[] = [];
  let room = writes;
  let resets = 0;
  const reader = createReader(
    {
      write(text) {
        written.push(String(text));
        room -= 1;
        return room > 0;
      },
    },
    () => (resets += 1),
  );
  const giveRoom = (more: number) => {
    room = more;
    reader.drained();
  };
  return { reader, written, giveRoom, resets: () => resets };
}

const message = (about: string, text: string): Message => ({ about, text });

test('a reader with room gets every message, those of a batch at once', () => {
  const { reader, written } = readerWithRoomFor(10);
  reader.take(batchOf([message('a', 'a1 '), message('a', 'a2 ')]));
  reader.take(batchOf([message('b', 'b1 ')]));
  expect(written).toEqual(['a1 a2 ', 'b1 ']);
});

test('a slow reader gets, once there is room, the newest message about each thing, in the order of their ids', () => {
  const { reader, written, giveRoom, resets } = readerWithRoomFor(1);
  reader.take(batchOf([message('a', 'a1 ')]));
  for (const text of ['a2', 'b1', 'c1', 'a3', 'b2']) reader.take(batchOf([message(text.charAt(0), text)]));
  expect(written).toEqual(['a1 ']);
  giveRoom(2);
  expect(written).toEqual(['a1 ', 'c1', 'a3']);
  reader.take(batchOf([message('b', 'b3')]));
  giveRoom(9);
  expect(written).toEqual(['a1 ', 'c1', 'a3', 'b3']);
  expect(resets()).toBe(0);
});

test('a reader for which more than 256 KB wait, of different things, is told to begin anew', () => {
  const { reader, resets } = readerWithRoomFor(1);
  const large = 'x'.repeat(10_000);
  reader.take(batchOf([message('first', large)]));
  for (let times = 0; times < 1000; times += 1) reader.take(batchOf([message('same', large)]));
  for (let order = 0; order < 25; order += 1) reader.take(batchOf([message(`order ${order}`, large)]));
  expect(resets()).toBe(0);
  reader.take(batchOf([message('one more', large)]));
  expect(resets()).toBe(1);
});

test('who sends what must not be dropped is kept waiting until there is room; a sign of life is left out', async () => {
  const { reader, written, giveRoom } = readerWithRoomFor(1);
  let isSent = false;
  const sending = reader.send('large').then(() => (isSent = true));
  reader.offer('heartbeat');
  await Promise.resolve();
  expect([isSent, written]).toEqual([false, ['large']]);
  expect(reader.stuckFor()).toBeGreaterThan(0);
  giveRoom(5);
  await sending;
  reader.offer('heartbeat');
  expect([written, reader.stuckFor()]).toEqual([['large', 'heartbeat'], 0]);
});
