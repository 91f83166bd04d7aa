import { addDays, type Day, utcDay } from '../../ui/days.ts';
import { calendarDay, count, fromMinor, money, toMinor } from '../../ui/format.ts';
import { addUp, spansOf, unitOf } from './bars.ts';
import { Chart, type Series } from './chart.tsx';
import { CsvButton } from './csv-button.tsx';
import type { Figures, OrderFigures } from './load-figures.ts';
import { type Days, lengthOf } from './periods.ts';

/** Revenue and orders along a period: as charts, as a table, and as CSV. */
export function ByTime({ figures: { days, times, now, before } }: { readonly figures: Figures }) {
  // The service adds up UTC days. Of a period in another zone, the first and the last may be cut.
  const utcDays = { first: utcDay(times.from), last: utcDay(times.to - 1) };
  const unit = unitOf(utcDays);
  const spans = spansOf(utcDays, unit);
  const along = (figures: OrderFigures, value: (of: OrderFigures['dailyBreakdown'][number]) => number, shift = 0) =>
    addUp(
      spans,
      figures.dailyBreakdown.map((of) => ({ date: addDays(of.date, shift), value: value(of) })),
    );
  const seriesOf = (title: string, value: Parameters<typeof along>[1], format: Series['format']): Series => ({
    title,
    values: along(now, value),
    before: before && along(before, value, lengthOf(days)),
    format,
  });
  const revenue = seriesOf(
    'Revenue',
    ({ dailyRevenue }) => toMinor(dailyRevenue),
    (minor) => money(fromMinor(minor)),
  );
  const orders = seriesOf('Orders', ({ orderCount }) => orderCount, count);

  return (
    <section class="card stack" aria-labelledby="by-time">
      <div class="row between">
        <h2 id="by-time">Over time</h2>
        {before && (
          <p class="legend">
            <span class="legend-bar" aria-hidden="true" /> this period <span class="legend-line" aria-hidden="true" />{' '}
            the period before
          </p>
        )}
      </div>
      <div class="charts">
        {[revenue, orders].map((series) => (
          <Chart key={series.title} series={series} spans={spans} unit={unit} nameOf={nameOf} />
        ))}
      </div>
      <details>
        <summary>The same as a table</summary>
        <Table spans={spans} columns={[revenue, orders]} />
      </details>
      <div class="row between">
        <small>A bar’s days are UTC days, as the service adds them up.</small>
        <CsvButton name={`orders-${days.first}-to-${days.last}.csv`} rows={() => rowsOf(now)}>
          Days as CSV
        </CsvButton>
      </div>
    </section>
  );
}

function Table({ spans, columns }: { readonly spans: readonly Days[]; readonly columns: readonly Series[] }) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Revenue and orders as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Days (UTC)</th>
            {columns.map(({ title, before }) => [
              <th key={title} scope="col" class="number">
                {title}
              </th>,
              before && (
                <th key={`${title} before`} scope="col" class="number">
                  {title} before
                </th>
              ),
            ])}
          </tr>
        </thead>
        <tbody>
          {spans.map((span, at) => (
            <tr key={span.first}>
              <th scope="row">{nameOf(span)}</th>
              {columns.map(({ title, values, before, format }) => [
                <td key={title} class="number">
                  {format(values[at] ?? 0)}
                </td>,
                before && (
                  <td key={`${title} before`} class="number">
                    {format(before[at] ?? 0)}
                  </td>
                ),
              ])}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function nameOf({ first, last }: { readonly first: Day; readonly last: Day }): string {
  return first === last ? calendarDay(first) : `${calendarDay(first)} – ${calendarDay(last)}`;
}

function rowsOf({ dailyBreakdown }: OrderFigures): (string | number)[][] {
  return [
    ['date (UTC)', 'orders', 'revenue'],
    ...dailyBreakdown.map(({ date, orderCount, dailyRevenue }) => [date, orderCount, dailyRevenue]),
  ];
}
