import Type from 'typebox';
import type { MenuItemEvent } from '../../domain/menu-item.ts';
import { closed, line, Money, nullable, UnitPrice } from './common.ts';

export const MenuItemBody = Type.Object(
  {
    name: line('the name of the pizza'),
    category: line('the category'),
    size: Type.Optional(line('the size, such as S, M, L, XL or XXL', 50)),
    price: UnitPrice,
    ingredients: Type.Optional(
      Type.Array(line('an ingredient'), { maxItems: 100, description: 'at most 100 ingredients' }),
    ),
  },
  { $id: 'MenuItemDetails', ...closed },
);

const item = {
  sku: Type.String(),
  name: Type.String(),
  category: Type.String(),
  size: nullable<string>('string', 'null where there is only one'),
  price: Money,
  ingredients: Type.Array(Type.String()),
};

export const MenuItem = Type.Object(item, { $id: 'MenuItem' });

const eventTypes = [
  'MenuItemAdded',
  'MenuItemChanged',
  'MenuItemWithdrawn',
] as const satisfies readonly MenuItemEvent['type'][];

export const MenuItemHistory = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        timestamp: Type.String({ format: 'date-time', description: 'when it happened' }),
        revision: Type.Integer({ minimum: 0 }),
        eventType: Type.Enum([...eventTypes], { type: 'string' }),
        actor: Type.String({ description: 'who did it' }),
        ...item,
      }),
    ),
  },
  { $id: 'MenuItemHistory' },
);

const Dish = Type.Object({
  name: Type.String(),
  ingredients: Type.Array(Type.String()),
  sizes: Type.Array(
    Type.Object({
      sku: Type.String({ description: 'orders it' }),
      size: nullable<string>('string', 'null where there is only one'),
      price: Money,
    }),
  ),
});

export const Menu = Type.Object(
  {
    currency: Type.String(),
    categories: Type.Array(Type.Object({ category: Type.String(), items: Type.Array(Dish) })),
  },
  { $id: 'Menu' },
);
