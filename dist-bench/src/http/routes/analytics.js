import Type from 'typebox';
import { Decimal, formatMinorUnits, formatMoney, fromMinorUnits } from "../../domain/money.js";
import { answers } from "../answers.js";
import { BadRequestError } from "../problems.js";
import { OrderAnalytics, ref } from "../schemas/schemas.js";
import { TimeOrDate, toTime } from "../times.js";
const MOST_YEARS = 10;
const MOST_POPULAR = 10;
/** Figures of the orders placed in a period: a cohort, whatever became of them since. */
export const analyticsRoutes = (app, { analytics }, done) => {
    app.get('/analytics/orders', {
        schema: {
            tags: ['Analytics'],
            operationId: 'orderAnalytics',
            summary: 'What the orders placed in [from, to) add up to',
            querystring: Type.Object({ from: TimeOrDate, to: TimeOrDate }, { additionalProperties: false }),
            response: answers({ 200: ref(OrderAnalytics) }, [400, 429, 500, 503]),
        },
    }, async ({ query }) => {
        const from = toTime(query.from);
        const to = toTime(query.to);
        if (to < from)
            throw new BadRequestError('must not be before from', '#/to');
        const latest = new Date(from);
        latest.setUTCFullYear(latest.getUTCFullYear() + MOST_YEARS);
        if (to > latest)
            throw new BadRequestError(`must be at most ${MOST_YEARS} years after from`, '#/to');
        return toAnalytics(from, to, await analytics.period(from, to));
    });
    done();
};
function toAnalytics(from, to, { days, items }) {
    const sum = (figure) => days.reduce((total, day) => total + day[figure], 0);
    const orders = sum('orders');
    const revenue = fromMinorUnits(sum('revenueMinor'));
    return {
        period: { from: from.toISOString(), to: to.toISOString() },
        totalOrders: orders,
        confirmedOrders: sum('confirmed'),
        confirmationRate: orders === 0 ? 0 : new Decimal(sum('confirmed')).times(100).dividedBy(orders).toDecimalPlaces(2).toNumber(),
        totalRevenue: formatMoney(revenue),
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
