import { count, money, percent, toMinor } from '../../ui/format.ts';
import { changeOf } from './bars.ts';
import type { OrderFigures } from './load-figures.ts';

interface Total {
  readonly label: string;
  readonly of: (figures: OrderFigures) => string;
  /** To compare by. */
  readonly value: (figures: OrderFigures) => number;
  /** Whether more of it is better; undefined: neither. */
  readonly isGood?: boolean;
}

const TOTALS: readonly Total[] = [
  {
    label: 'Revenue',
    of: ({ totalRevenue }) => money(totalRevenue),
    value: ({ totalRevenue }) => toMinor(totalRevenue),
    isGood: true,
  },
  {
    label: 'Refunded',
    of: ({ refunded }) => money(refunded),
    value: ({ refunded }) => toMinor(refunded),
    isGood: false,
  },
  {
    label: 'Net revenue',
    of: ({ netRevenue }) => money(netRevenue),
    value: ({ netRevenue }) => toMinor(netRevenue),
    isGood: true,
  },
  {
    label: 'Average order',
    of: ({ averageOrderValue }) => money(averageOrderValue),
    value: ({ averageOrderValue }) => toMinor(averageOrderValue),
    isGood: true,
  },
  {
    label: 'Orders',
    of: ({ totalOrders }) => count(totalOrders),
    value: ({ totalOrders }) => totalOrders,
    isGood: true,
  },
  {
    label: 'Confirmed',
    of: ({ confirmationRate }) => percent(confirmationRate / 100),
    value: ({ confirmationRate }) => confirmationRate,
    isGood: true,
  },
  {
    label: 'Items sold',
    of: ({ totalItemsSold }) => count(totalItemsSold),
    value: ({ totalItemsSold }) => totalItemsSold,
    isGood: true,
  },
  {
    label: 'Cancelled',
    of: ({ cancelledOrders }) => count(cancelledOrders),
    value: ({ cancelledOrders }) => cancelledOrders,
    isGood: false,
  },
];

interface TotalsProps {
  readonly now: OrderFigures | undefined;
  readonly before: OrderFigures | undefined;
}

/** What a period adds up to, each beside the same of the period before. */
export function Totals({ now, before }: TotalsProps) {
  return (
    <dl class="totals">
      {TOTALS.map((total) => (
        <div key={total.label} class="card total">
          <dt>{total.label}</dt>
          <dd class="total-value">{now ? total.of(now) : '–'}</dd>
          {now && before && <Comparison total={total} now={now} before={before} />}
        </div>
      ))}
    </dl>
  );
}

function Comparison({ total, now, before }: { total: Total; now: OrderFigures; before: OrderFigures }) {
  const change = changeOf(total.value(now), total.value(before));
  const kind = change === undefined || change === 0 ? 'same' : change > 0 === total.isGood ? 'better' : 'worse';
  return (
    <dd class={`comparison ${kind}`}>
      <span>{wordsFor(change)}</span> <small>before: {total.of(before)}</small>
    </dd>
  );
}

function wordsFor(change: number | undefined): string {
  if (change === undefined) return 'none before';
  if (change === 0) return 'the same';
  return `${change > 0 ? '▲' : '▼'} ${percent(Math.abs(change))} ${change > 0 ? 'more' : 'less'}`;
}
