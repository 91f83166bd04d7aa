import { expect, test } from 'vitest';
import { groupOf } from '../../src/read-models/live/consumer-group.ts';

test('the name of a group, for the same streams in any order, is the same', () => {
  const name = groupOf('pizzeria-api-v1', ['PizzaOrder-', 'Customer-']);
  expect(name).toMatch(/^pizzeria-api-v1-[\da-f]{8}$/);
  expect(groupOf('pizzeria-api-v1', ['Customer-', 'PizzaOrder-'])).toBe(name);
});

test.each([
  ['more categories', 'group', ['PizzaOrder-', 'Customer-', 'MenuItem-']],
  ['fewer categories', 'group', ['PizzaOrder-']],
  ['a stream prefix', 'group', ['north-PizzaOrder-', 'north-Customer-']],
  ['another name', 'group-2', ['PizzaOrder-', 'Customer-']],
])('the name of a group, with %s, is another', (_, name, prefixes) => {
  expect(groupOf(name, prefixes)).not.toBe(groupOf('group', ['PizzaOrder-', 'Customer-']));
});
