import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, ask, Problem } from '../../api/client.ts';
import { may } from '../../app/session.ts';
import { count } from '../../ui/format.ts';

/** Parked events, as they were counted last. */
export const parkedTotal = signal(0);

const LOOK_EVERY_MS = 60_000;

/** How many events are parked, for the navigation of whoever can do something about them; nothing while there are none. */
export function ParkedMark() {
  const isTheirs = may('POST /admin/parked/replay');
  useEffect(() => {
    if (!isTheirs) return undefined;
    void look();
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isTheirs]);
  if (!isTheirs || parkedTotal.value === 0) return null;
  return (
    <span class="badge pending">
      {count(parkedTotal.value)}
      <span class="visually-hidden"> parked events</span>
    </span>
  );
}

async function look(): Promise<void> {
  if (document.visibilityState !== 'visible') return;
  try {
    parkedTotal.value = (await ask(api.GET('/admin/parked', { params: { query: { limit: 1 } } }))).total;
  } catch (error) {
    // Each page says for itself that the service does not answer.
    if (!(error instanceof Problem)) throw error;
  }
}
