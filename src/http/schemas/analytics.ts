import Type from 'typebox';

export const OrderAnalytics = Type.Object(
  {
    period: Type.Object({ from: Type.String({ format: 'date-time' }), to: Type.String({ format: 'date-time' }) }),
    totalOrders: Type.Integer(),
    confirmedOrders: Type.Integer(),
    cancelledOrders: Type.Integer({ description: 'of the orders placed' }),
    confirmationRate: Type.Number({ minimum: 0, maximum: 100, description: 'percent, two decimals' }),
    totalRevenue: Type.String({ description: 'of all orders placed, at their present totals' }),
    refunded: Type.String({ description: 'of all refunds completed in the period, whenever their orders were placed' }),
    netRevenue: Type.String({ description: 'totalRevenue − refunded; negative if more was given back' }),
    averageOrderValue: Type.String(),
    totalItemsSold: Type.Integer({ description: 'pizzas' }),
    popularItems: Type.Array(Type.Object({ itemName: Type.String(), totalSold: Type.Integer() }), { maxItems: 10 }),
    dailyBreakdown: Type.Array(
      Type.Object({
        date: Type.String({ format: 'date', description: 'UTC' }),
        orderCount: Type.Integer(),
        dailyRevenue: Type.String(),
      }),
    ),
    message: Type.Optional(Type.String({ description: 'says so when there were no orders' })),
  },
  { $id: 'OrderAnalytics' },
);
