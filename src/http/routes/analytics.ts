import type { App } from './app.ts';
import type { Static } from 'typebox';
import { Decimal, formatMinorUnits, formatMoney, fromMinorUnits } from '../../domain/money.ts';
import type { AnalyticsQueries, PeriodFigures } from '../../read-models/analytics/queries.ts';
import { badField } from '../problems/errors.ts';
import { OrderAnalytics } from '../schemas/analytics.ts';
import { query, ref, TimeOrDate } from '../schemas/common.ts';
import { toPeriod } from '../requests/times.ts';

const MOST_YEARS = 10;
const MOST_POPULAR = 10;

export interface AnalyticsRoutesOptions {
  readonly analytics: AnalyticsQueries;
}

/**
 * Figures of the orders placed in a period: a cohort, whatever became of them since. Refunds alone count when they
 * were completed.
 */
export function analyticsRoutes(app: App, { analytics }: AnalyticsRoutesOptions): void {
  app.get(
    '/analytics/orders',
    {
      schema: {
        tags: ['Analytics'],
        operationId: 'orderAnalytics',
        summary: 'What the orders placed in [from, to), and the refunds completed then, add up to',
        querystring: query({ from: TimeOrDate, to: TimeOrDate }),
        response: { 200: ref(OrderAnalytics) },
      },
    },
    async (request) => {
      const { from, to } = toPeriod(request.query);
      const latest = new Date(from);
      latest.setUTCFullYear(latest.getUTCFullYear() + MOST_YEARS);
      if (to > latest) throw badField('#/to', `must be at most ${MOST_YEARS} years after from`);
      return toAnalytics(from, to, await analytics.period(from, to));
    },
  );
}

function toAnalytics(
  from: Date,
  to: Date,
  { days, items, refundedMinor }: PeriodFigures,
): Static<typeof OrderAnalytics> {
  const sum = (figure: 'orders' | 'confirmed' | 'cancelled' | 'revenueMinor' | 'quantity') =>
    days.reduce((total, day) => total + day[figure], 0);
  const orders = sum('orders');
  const revenue = fromMinorUnits(sum('revenueMinor'));
  const refunded = fromMinorUnits(refundedMinor);
  return {
    period: { from: from.toISOString(), to: to.toISOString() },
    totalOrders: orders,
    confirmedOrders: sum('confirmed'),
    cancelledOrders: sum('cancelled'),
    confirmationRate:
      orders === 0 ? 0 : new Decimal(sum('confirmed')).times(100).dividedBy(orders).toDecimalPlaces(2).toNumber(),
    totalRevenue: formatMoney(revenue),
    refunded: formatMoney(refunded),
    netRevenue: formatMoney(revenue.minus(refunded)),
    averageOrderValue: formatMoney(orders === 0 ? new Decimal(0) : revenue.dividedBy(orders)),
    totalItemsSold: sum('quantity'),
    popularItems: items.slice(0, MOST_POPULAR).map(({ name, sold }) => ({ itemName: name, totalSold: sold })),
    dailyBreakdown: days.map((day) => ({
      date: day.day,
      orderCount: day.orders,
      dailyRevenue: formatMinorUnits(day.revenueMinor),
    })),
    ...(orders === 0 && { message: 'No orders found in date range' }),
  };
}
