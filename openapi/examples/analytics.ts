import type { Static } from 'typebox';
import type { OrderAnalytics } from '../../src/http/schemas/analytics.ts';
import { refusedField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';

const january: Static<typeof OrderAnalytics> = {
  period: { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
  totalOrders: 1,
  confirmedOrders: 1,
  confirmationRate: 100,
  totalRevenue: '25.00',
  averageOrderValue: '25.00',
  totalItemsSold: 2,
  popularItems: [{ itemName: 'Margherita', totalSold: 2 }],
  dailyBreakdown: [{ date: '2026-01-31', orderCount: 1, dailyRevenue: '25.00' }],
};

export const analytics: OperationDocumentations = {
  orderAnalytics: {
    answers: {
      200: {
        description: 'Their figures',
        examples: {
          january,
          nothing: {
            ...january,
            totalOrders: 0,
            confirmedOrders: 0,
            confirmationRate: 0,
            totalRevenue: '0.00',
            averageOrderValue: '0.00',
            totalItemsSold: 0,
            popularItems: [],
            dailyBreakdown: [],
            message: 'No orders found in date range',
          },
        } satisfies Record<string, Static<typeof OrderAnalytics>>,
      },
    },
    problems: { field: refusedField('#/to', 'must be at most 10 years after from') },
  },
};
