/** The kinds of aggregates. Their streams are named `{category}-{id}`. */
export const CATEGORIES = ['PizzaOrder', 'Customer'] as const;

export type Category = (typeof CATEGORIES)[number];
