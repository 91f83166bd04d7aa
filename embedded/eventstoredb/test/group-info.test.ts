import { expect, test } from 'vitest';
import { createMeter } from '../src/groups/group-info.ts';

/** A meter that has seen messages that were out for so many milliseconds. */
function meterOf(durations: readonly number[], extra = true) {
  let time = 0;
  const meter = createMeter(() => time, extra);
  durations.forEach((duration, index) => {
    meter.started(String(index));
    time += duration;
    meter.ended(String(index));
  });
  return meter;
}

test('extra statistics, of ten messages, are those of EventStoreDB', () => {
  const meter = meterOf([10, 9, 8, 7, 6, 5, 4, 3, 2, 2]);

  expect(meter.observed()).toEqual([
    ['Mean', 5],
    ['Median', 6],
    ['Fastest', 2],
    ['Quintile 1', 2],
    ['Quintile 2', 3],
    ['Quintile 3', 5],
    ['Quintile 4', 7],
    ['Quintile 5', 9],
    ['90%', 10],
    ['95%', 10],
    ['99%', 10],
    ['99.5%', 10],
    ['99.9%', 10],
    ['Highest', 10],
  ]);
});

test('extra statistics, without a message or not asked for, are none', () => {
  expect(meterOf([]).observed()).toEqual([]);
  expect(meterOf([1, 2], false).observed()).toEqual([]);
});
