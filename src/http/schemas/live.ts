import Type from 'typebox';
import { ref } from './common.ts';
import { PlainOrder } from './orders.ts';

export const KitchenBoard = Type.Object(
  {
    asOf: Type.String({
      pattern: '^(?:-1|\\d+)$',
      description: 'a position in the log: a stream after it goes on from this board',
    }),
    serverTime: Type.String({ format: 'date-time' }),
    orders: Type.Array(ref(PlainOrder), {
      description: 'those that are neither delivered nor cancelled, newest first',
    }),
    omitted: Type.Optional(Type.Integer({ minimum: 1, description: 'older orders, beyond the newest 2,000' })),
  },
  { $id: 'KitchenBoard' },
);
