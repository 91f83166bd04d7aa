import type { components } from '../../api/schema.ts';

type Status = components['schemas']['PlainOrder']['status'];

export interface Step {
  readonly label: string;
  readonly state: 'done' | 'current' | 'todo';
}

interface Progress {
  readonly headline: string;
  readonly detail: string;
  /** None for an order that was cancelled. */
  readonly steps: readonly Step[];
}

const DELIVERY = ['Received', 'In the kitchen', 'On its way', 'Delivered'];
const PICK_UP = ['Received', 'In the kitchen', 'Ready', 'Picked up'];

/** How far an order has come, in words and in four steps. */
export function progressOf(status: Status, isPickedUp: boolean): Progress {
  const [current, headline, detail] = wordsFor(status, isPickedUp);
  const labels = status === 'CANCELLED' ? [] : isPickedUp ? PICK_UP : DELIVERY;
  const steps = labels.map((label, index): Step => {
    const isDone = index < current || status === 'DELIVERED';
    return { label, state: isDone ? 'done' : index === current ? 'current' : 'todo' };
  });
  return { headline, detail, steps };
}

function wordsFor(status: Status, isPickedUp: boolean): readonly [step: number, headline: string, detail: string] {
  switch (status) {
    case 'PENDING':
      return [0, 'We have your order', 'The kitchen will look at it in a moment.'];
    case 'CONFIRMED':
      return [1, 'The kitchen has it', 'Your order will be made soon.'];
    case 'COOKING':
      return [1, 'In the oven', 'Your order is being made.'];
    case 'READY':
      return isPickedUp
        ? [2, 'Ready to pick up', 'It is waiting for you at the counter.']
        : [1, 'Ready to go', 'It is waiting for the driver.'];
    case 'OUT_FOR_DELIVERY':
      return [2, 'On its way', isPickedUp ? 'It has left the kitchen.' : 'The driver is bringing it to you.'];
    case 'DELIVERED':
      return [3, isPickedUp ? 'Picked up' : 'Delivered', 'Enjoy your meal!'];
    case 'CANCELLED':
      return [0, 'Cancelled', 'This order will not be made.'];
    default:
      return status satisfies never;
  }
}
