import { calendarDay } from '../../ui/format.ts';
import { ticksFor, type Unit } from './bars.ts';
import type { Days } from './periods.ts';

export interface Series {
  readonly title: string;
  /** One number for each span, whole. */
  readonly values: readonly number[];
  /** The same of the period before. */
  readonly before: readonly number[] | undefined;
  readonly format: (value: number) => string;
}

interface ChartProps {
  readonly series: Series;
  readonly spans: readonly Days[];
  readonly unit: Unit;
  readonly nameOf: (span: Days) => string;
}

const HEIGHT = 100;
const GAP = 0.14;

/** Bars of one figure, with a line for the period before. What it shows is also said, and stands in a table. */
export function Chart({ series: { title, values, before, format }, spans, unit, nameOf }: ChartProps) {
  const ticks = ticksFor(Math.max(...values, ...(before ?? [])));
  const top = ticks.at(-1) ?? 1;
  const y = (value: number) => HEIGHT - (value / top) * HEIGHT;
  const steps = before?.map((value, at) => `${at === 0 ? 'M' : 'L'}${at} ${y(value)}H${at + 1}`).join('');
  const [first, last] = [spans[0], spans.at(-1)];
  const middle = spans.length > 2 ? spans[Math.floor(spans.length / 2)] : undefined;
  return (
    <figure class="chart">
      <figcaption>
        {title} by {unit}
      </figcaption>
      <div class="chart-plot">
        <div class="chart-ticks" aria-hidden="true">
          {[...ticks].reverse().map((tick) => (
            <span key={tick}>{format(tick)}</span>
          ))}
        </div>
        <svg
          role="img"
          aria-label={summaryOf(title, unit, values, spans, format, nameOf)}
          viewBox={`0 0 ${spans.length} ${HEIGHT}`}
          preserveAspectRatio="none"
        >
          {ticks.map((tick) => (
            <line key={tick} class="chart-grid" x1="0" x2={spans.length} y1={y(tick)} y2={y(tick)} />
          ))}
          {spans.map((span, at) => {
            const value = values[at] ?? 0;
            return (
              <g key={span.first}>
                <rect class="chart-bar" x={at + GAP} width={1 - 2 * GAP} y={y(value)} height={HEIGHT - y(value)} />
                <rect class="chart-touch" x={at} width="1" y="0" height={HEIGHT}>
                  <title>{`${nameOf(span)}: ${format(value)}${before ? `, before: ${format(before[at] ?? 0)}` : ''}`}</title>
                </rect>
              </g>
            );
          })}
          {steps !== undefined && <path class="chart-before" d={steps} />}
        </svg>
        <div class="chart-days" aria-hidden="true">
          {[first, middle, spans.length > 1 ? last : undefined].map(
            (span) => span && <span key={span.first}>{calendarDay(span.first)}</span>,
          )}
        </div>
      </div>
    </figure>
  );
}

function summaryOf(
  title: string,
  unit: Unit,
  values: readonly number[],
  spans: readonly Days[],
  format: (value: number) => string,
  nameOf: (span: Days) => string,
): string {
  const most = Math.max(...values);
  const at = spans[values.indexOf(most)];
  const all = values.reduce((sum, value) => sum + value, 0);
  return `${title} by ${unit}: ${format(all)} in all${at && most > 0 ? `, most in ${nameOf(at)} with ${format(most)}` : ''}`;
}
