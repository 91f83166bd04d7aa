import { query, setQuery } from '../../app/router.tsx';
import { settings } from '../../app/settings.ts';
import { Field } from '../../ui/field.tsx';
import { timeZone } from '../../ui/format.ts';
import { type Days, type PeriodName, PERIODS } from './periods.ts';

interface ControlsProps {
  readonly period: PeriodName;
  /** What the period has at present: an own one begins with it. */
  readonly days: Days | undefined;
  readonly problem: string | undefined;
  readonly compares: boolean;
}

/** Which period, whether it is compared, and in which zone its days are. All but the zone is in the address. */
export function Controls({ period, days, problem, compares }: ControlsProps) {
  return (
    <div class="card controls">
      <div role="group" aria-label="Period" class="row periods">
        {Object.entries(PERIODS).map(([name, label]) => (
          <button
            key={name}
            type="button"
            class={`button ${name === period ? 'main' : ''}`}
            aria-pressed={name === period}
            onClick={() => setQuery({ period: name, ...(name === 'own' ? own(days) : NO_DAYS) })}
          >
            {label}
          </button>
        ))}
      </div>
      {period === 'own' && (
        <div class="row own-days">
          <Field label="First day" error={problem}>
            <input
              type="date"
              value={query.value.get('from') ?? ''}
              onChange={({ currentTarget: { value } }) => setQuery({ from: value })}
            />
          </Field>
          <Field label="Last day">
            <input
              type="date"
              value={query.value.get('to') ?? ''}
              onChange={({ currentTarget: { value } }) => setQuery({ to: value })}
            />
          </Field>
        </div>
      )}
      <div class="row between">
        <label class="check">
          <input
            type="checkbox"
            checked={compares}
            onChange={({ currentTarget: { checked } }) => setQuery({ compare: checked ? undefined : 'off' })}
          />
          Compare with the period before
        </label>
        <Field label="Time zone">
          <select
            value={timeZone.value ?? ''}
            onChange={({ currentTarget: { value } }) => (timeZone.value = value === '' ? undefined : value)}
          >
            {zones().map(([zone, label]) => (
              <option key={zone} value={zone}>
                {label}
              </option>
            ))}
          </select>
        </Field>
      </div>
    </div>
  );
}

const NO_DAYS = { from: undefined, to: undefined };

function own(days: Days | undefined) {
  return days ? { from: days.first, to: days.last } : {};
}

/** The pizzeria's zone, UTC and the browser's, each once. */
function zones(): readonly (readonly [zone: string, label: string])[] {
  const { timeZone: pizzeria } = settings();
  const browser = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const others = [...new Set(['UTC', browser, ...(timeZone.value === undefined ? [] : [timeZone.value])])];
  return [
    ['', `${pizzeria} (the pizzeria’s)`],
    ...others
      .filter((zone) => zone !== pizzeria || zone === timeZone.value)
      .map((zone) => [zone, zone === browser && zone !== 'UTC' ? `${zone} (this browser’s)` : zone] as const),
  ];
}
