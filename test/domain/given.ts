import { expect } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import type { PizzaOrderEvent } from '../../src/domain/events.ts';
import { evolve, type OrderState } from '../../src/domain/order-state.ts';
import { PizzaOrder } from '../../src/domain/pizza-order.ts';

/** @throws TypeError when there is no event: then there is no order either */
export function fold(events: readonly PizzaOrderEvent[]): OrderState {
  const state = events.reduce<OrderState | undefined>(evolve, undefined);
  if (state === undefined) throw new TypeError('an order has at least one event');
  return state;
}

/** Freezes a value all the way down, so that whatever writes to it throws. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/**
 * `given(events).when(command).then(events raised, or the error)`. Everything given is frozen. What was raised must
 * fold to the aggregate's state; a refused command must leave the aggregate as it was.
 */
export function given(history: readonly PizzaOrderEvent[]) {
  const before = deepFreeze(fold(deepFreeze(history)));
  return {
    when(command: (order: PizzaOrder) => void) {
      const order = PizzaOrder.from(before, history.length);
      return {
        then(expected: readonly PizzaOrderEvent[] | DomainError): void {
          if (expected instanceof DomainError) {
            expect(() => command(order)).toThrow(expected);
            expect(order.uncommittedEvents).toEqual([]);
            expect(order.version).toBe(history.length);
            expect(order.state).toBe(before);
            return;
          }
          command(order);
          expect(order.uncommittedEvents).toStrictEqual(expected);
          expect(order.version).toBe(history.length + expected.length);
          expect(order.state).toStrictEqual(fold([...history, ...expected]));
        },
      };
    },
  };
}
