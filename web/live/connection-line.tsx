import type { Signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { now } from '../app/clock.ts';
import { loginUrl } from '../app/session.ts';
import type { Connection } from '../live-client.ts';
import { announce } from '../ui/announcer.tsx';
import { timeOfDay } from '../ui/format.ts';

const WORDS: Readonly<Record<Connection, string>> = {
  live: 'live',
  behind: 'the event store is away',
  reconnecting: 'reconnecting',
  'signed-out': 'signed out',
  forbidden: 'not allowed',
  gone: 'gone',
};

/** Says honestly whether what is shown is what there is; and if not, of when it is. */
export function ConnectionLine({ connection }: { readonly connection: Signal<Connection> }) {
  const state = connection.value;
  const [since, setSince] = useState<number>();
  useEffect(() => {
    setSince(state === 'live' ? undefined : now.peek());
    if (since !== undefined || state !== 'live') announce(WORDS[state]);
  }, [state]);
  return (
    <span class={`connection ${state}`} data-connection={state}>
      <span aria-hidden="true" class="lamp" />
      {WORDS[state]}
      {' · '}
      {state === 'live' || since === undefined
        ? timeOfDay(now.value, { seconds: true })
        : `as of ${timeOfDay(since, { seconds: true })}`}
      {state === 'signed-out' && (
        <>
          {' · '}
          <a href={loginUrl()}>Log in again</a>
        </>
      )}
    </span>
  );
}
