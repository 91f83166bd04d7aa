import { expect, test } from 'vitest';
import { progressOf } from '../../web/pages/tracking/progress.ts';

const DELIVERY = ['Received', 'In the kitchen', 'On its way', 'Delivered'];
const PICK_UP = ['Received', 'In the kitchen', 'Ready', 'Picked up'];

test.each([
  ['PENDING', 'now todo todo todo', 'now todo todo todo'],
  ['CONFIRMED', 'done now todo todo', 'done now todo todo'],
  ['COOKING', 'done now todo todo', 'done now todo todo'],
  ['READY', 'done now todo todo', 'done done now todo'],
  ['OUT_FOR_DELIVERY', 'done done now todo', 'done done now todo'],
  ['DELIVERED', 'done done done done', 'done done done done'],
] as const)('an order that is %s has come so far: delivered %s, picked up %s', (status, delivered, pickedUp) => {
  for (const [isPickedUp, labels, expected] of [
    [false, DELIVERY, delivered],
    [true, PICK_UP, pickedUp],
  ] as const) {
    const { steps } = progressOf(status, isPickedUp);
    expect(steps.map(({ label }) => label)).toEqual(labels);
    expect(steps.map(({ state }) => (state === 'current' ? 'now' : state)).join(' ')).toBe(expected);
  }
});

test('an order that was cancelled has no steps', () => {
  expect(progressOf('CANCELLED', false)).toMatchObject({ headline: 'Cancelled', steps: [] });
});
