import './figures.css';
import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { now } from '../../app/clock.ts';
import { query } from '../../app/router.tsx';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { dayIn } from '../../ui/days.ts';
import { calendarDay, count, money, shownZone, timeOfDay } from '../../ui/format.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { useResource } from '../../ui/use-resource.ts';
import { ByTime } from './by-time.tsx';
import { Controls } from './controls.tsx';
import { type Figures, loadFigures } from './load-figures.ts';
import { type Days, daysOf, isPeriodName } from './periods.ts';
import { PopularItems } from './popular-items.tsx';
import { Totals } from './totals.tsx';

const DEFAULT_PERIOD = '30d';

/** What the orders of a period add up to. */
export function FiguresPage() {
  const zone = shownZone();
  const today = useComputed(() => dayIn(now.value, shownZone())).value;
  const asked = query.value.get('period');
  const period = isPeriodName(asked) ? asked : DEFAULT_PERIOD;
  const own = { first: query.value.get('from') ?? '', last: query.value.get('to') ?? '' };
  const days = daysOf(period, own, today);
  const isWrong = typeof days === 'string';
  const compares = query.value.get('compare') !== 'off';
  return (
    <>
      <PageHeading title="Figures" />
      <div class="stack">
        <Controls
          period={period}
          days={isWrong ? undefined : days}
          problem={isWrong ? days : undefined}
          compares={compares}
        />
        {isWrong ? <Notice kind="empty">{days}</Notice> : <Period days={days} zone={zone} compares={compares} />}
      </div>
    </>
  );
}

interface PeriodProps {
  readonly days: Days;
  readonly zone: string;
  readonly compares: boolean;
}

function Period({ days, zone, compares }: PeriodProps) {
  const { value, problem, isLoading, reload } = useResource([days.first, days.last, zone, compares].join(), (signal) =>
    loadFigures(days, zone, compares, signal),
  );
  useEffect(() => {
    if (value) announce(`${count(value.now.totalOrders)} orders, ${money(value.now.totalRevenue)}`);
  }, [value]);
  return (
    <div class="stack figures" aria-busy={isLoading}>
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      <div class="row between">
        <p class="period">
          {value ? wordsFor(value) : 'Adding up …'}
          {value && <small>as of {timeOfDay(value.asOf, { seconds: true })}</small>}
        </p>
        <Button kind="quiet" onPress={reload}>
          Add up again
        </Button>
      </div>
      <Totals now={value?.now} before={value?.before} />
      {value && <Parts figures={value} />}
      {!value && !problem && <div class="card reserved" aria-hidden="true" />}
    </div>
  );
}

function Parts({ figures }: { readonly figures: Figures }) {
  const { message } = figures.now;
  if (message !== undefined) return <Notice kind="empty">{message}</Notice>;
  return (
    <>
      <ByTime figures={figures} />
      <PopularItems figures={figures} />
    </>
  );
}

function wordsFor({ days: { first, last }, zone }: Figures): string {
  const span = first === last ? calendarDay(first) : `${calendarDay(first)} – ${calendarDay(last)}`;
  return `Orders placed ${span}, midnight to midnight in ${zone}`;
}
