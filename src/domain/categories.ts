/** The kinds of aggregates. Their streams are named `{category}-{id}`. */
export const CATEGORIES = ['PizzaOrder', 'Customer', 'MenuItem'] as const;

export type Category = (typeof CATEGORIES)[number];
