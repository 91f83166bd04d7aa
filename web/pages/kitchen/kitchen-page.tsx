import './kitchen.css';
import { computed } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { query } from '../../app/router.tsx';
import { loginUrl, may } from '../../app/session.ts';
import { settings } from '../../app/settings.ts';
import { ConnectionLine } from '../../live/connection-line.tsx';
import { useFollowed } from '../../live/shared.ts';
import type { Connection } from '../../live-client.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { allDay, columnsFor, readOptions, recentlyDone, type Rights } from './board.ts';
import { createKeys } from './device/keys.ts';
import { Lane } from './lane.tsx';
import { RecentDialog } from './recent-dialog.tsx';
import { createScreen, type Screen } from './screen.ts';
import { ScreenDialog } from './screen-dialog.tsx';
import { createSounds } from './device/sounds.ts';
import { createSpeaker } from './device/speaker.ts';
import { BOARD } from './topic.ts';
import { keepAwake } from './device/wake-lock.ts';

const rights = computed<Rights>(() => ({
  confirm: may('POST /orders/:orderId/confirm'),
  to: (status) => may('POST /orders/:orderId/status', status),
}));
const options = computed(() => {
  const { warnMinutes: warn, lateMinutes: late } = settings();
  return readOptions(query.value, { columns: columnsFor(rights.value), warn, late });
});

/** The kitchen's board: what is to be made, in the order in which it is due. */
export function KitchenPage() {
  const { state: board, connection } = useFollowed(BOARD);
  const [sounds] = useState(createSounds);
  const [speaker] = useState(createSpeaker);
  const [screen] = useState(() =>
    createScreen({
      board,
      options,
      rights,
      onNews(news) {
        speaker.tell(news);
        for (const sound of ['cancelled', 'added', 'changed'] as const) if (news[sound]?.length) sounds.play(sound);
      },
    }),
  );
  useEffect(() => {
    const letSleep = keepAwake();
    addEventListener('pagehide', screen.remember);
    return () => {
      removeEventListener('pagehide', screen.remember);
      letSleep();
      screen.end();
      speaker.end();
      sounds.end();
    };
  }, []);
  const hasKeys = query.value.get('keys') !== 'off';
  useEffect(() => {
    if (!hasKeys) return;
    const press = createKeys(screen);
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [hasKeys]);

  return (
    <div class={connection.value === 'live' ? 'kitchen' : 'kitchen stale'}>
      <PageHeading title="Kitchen">
        <ConnectionLine connection={connection} />
        <Controls screen={screen} sounds={sounds} />
      </PageHeading>
      <BoardView screen={screen} connection={connection.value} />
      {hasKeys && <Legend />}
    </div>
  );
}

function Controls({ screen, sounds }: { readonly screen: Screen; readonly sounds: ReturnType<typeof createSounds> }) {
  const [open, setOpen] = useState<'recent' | 'screen'>();
  const close = () => setOpen(undefined);
  return (
    <div class="kitchen-controls">
      <Button aria-pressed={sounds.isOn.value} onPress={() => sounds.toggle()}>
        {sounds.isOn.value ? 'Sound is on' : 'Sound on'}
      </Button>
      <Button onPress={() => setOpen('recent')}>
        Recently done <RecentCount screen={screen} />
      </Button>
      <Button onPress={() => setOpen('screen')}>This screen</Button>
      {open === 'recent' && <RecentDialog screen={screen} onClose={close} />}
      {open === 'screen' && <ScreenDialog options={options.value} columns={columnsFor(rights.value)} onClose={close} />}
    </div>
  );
}

function RecentCount({ screen }: { readonly screen: Screen }) {
  return <span class="lane-count">{recentlyDone(screen.shown.value?.values() ?? []).length}</span>;
}

function BoardView({ screen, connection }: { readonly screen: Screen; readonly connection: Connection }) {
  const numbers = screen.numbers.value;
  if (!screen.shown.value) {
    if (connection === 'signed-out') {
      return (
        <Notice kind="warning" title="Your session has ended" action={{ label: 'Log in', href: loginUrl() }}>
          Log in again to see the board.
        </Notice>
      );
    }
    return connection !== 'live' ? (
      <Notice kind="offline" title="No board yet">
        The board is being asked for. It comes by itself.
      </Notice>
    ) : (
      <Notice kind="loading">The board is loading …</Notice>
    );
  }
  const lanes = screen.lanes.value;
  return (
    <>
      <AllDay screen={screen} />
      <div class="lanes" data-lanes={lanes.length}>
        {lanes.map((lane) => (
          <Lane key={lane.column} lane={lane} numbers={numbers} screen={screen} />
        ))}
      </div>
    </>
  );
}

/** How many of each pizza are still to be made. */
function AllDay({ screen }: { readonly screen: Screen }) {
  const counts = allDay(screen.shown.value?.values() ?? []);
  return (
    <section class="all-day" aria-labelledby="all-day">
      <h2 id="all-day">All day</h2>
      {counts.length === 0 ? (
        <p>Nothing to make</p>
      ) : (
        <ul role="list">
          {counts.map(([name, quantity]) => (
            <li key={name}>
              <strong>{quantity} ×</strong> {name}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Legend() {
  return (
    <p class="legend">
      <span>
        <kbd>1</kbd>–<kbd>9</kbd> bump that order
      </span>
      <span>
        <kbd>Enter</kbd> bump the selected one, or the first
      </span>
      <span>
        <kbd>←</kbd> <kbd>↑</kbd> <kbd>↓</kbd> <kbd>→</kbd> select
      </span>
      <span>
        <kbd>Z</kbd> recall the last
      </span>
    </p>
  );
}
