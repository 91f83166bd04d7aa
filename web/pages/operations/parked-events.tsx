import { useEffect, useRef, useState } from 'preact/hooks';
import { api, ask, type Problem, type Schemas } from '../../api/client.ts';
import { Link } from '../../app/router.tsx';
import { may } from '../../app/session.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { count, dateTime } from '../../ui/format.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { useResource } from '../../ui/use-resource.ts';
import { problemOf } from './rebuild.tsx';
import { orderOf } from './state.ts';

const AGREES_WITHIN_MS = 1000;

type Parked = Schemas['ParkedEvents']['items'][number];

/** Events that could not be projected. @param total how many there are, as far as it is known */
export function ParkedEvents({ total }: { readonly total: number | undefined }) {
  const { value, problem, reload } = useResource(`parked ${total}`, (signal) =>
    ask(api.GET('/admin/parked', { signal })),
  );
  const [isAsking, setAsking] = useState(false);
  const [replayed, setReplayed] = useState<number>();
  const waiting = value?.total ?? 0;
  useEffect(() => {
    // Events that are parked again within a second are no news in the stream.
    if (!value || total === undefined || value.total === total) return undefined;
    const timer = setTimeout(reload, AGREES_WITHIN_MS);
    return () => clearTimeout(timer);
  }, [value, total]);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // The button that had the focus is gone with the last event.
    if (replayed !== undefined && waiting === 0 && document.activeElement === document.body)
      section.current?.focus({ preventScroll: true });
  }, [waiting]);
  return (
    <section ref={section} tabIndex={-1} class="card stack" aria-labelledby="parked">
      <div class="row between">
        <div>
          <h2 id="parked">Parked events</h2>
          <small>
            {value ? count(waiting) : '–'} · normal: 0. An event is parked when it cannot be read or applied, never
            because a store is away.
          </small>
        </div>
        {waiting > 0 && may('POST /admin/parked/replay') && (
          <Button onPress={() => setAsking(true)}>Replay {count(waiting)} …</Button>
        )}
      </div>
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      {!value && !problem && <Notice kind="loading">Looking for parked events …</Notice>}
      {replayed !== undefined && (
        <Notice kind="success">
          {events(replayed)} {replayed === 1 ? 'is' : 'are'} delivered again. What still cannot be projected is parked
          again.
        </Notice>
      )}
      {value && waiting === 0 && <p>No event is parked.</p>}
      {value && value.items.length > 0 && (
        <ul role="list" class="entries">
          {value.items.map((item) => (
            <ParkedEvent key={`${item.stream} ${item.revision}`} item={item} />
          ))}
        </ul>
      )}
      {value && waiting > value.items.length && <small>These are the first {count(value.items.length)}.</small>}
      {isAsking && (
        <ReplayDialog
          total={waiting}
          onClose={() => setAsking(false)}
          onDone={(done) => {
            setAsking(false);
            setReplayed(done);
            announce(`${events(done)} delivered again`);
            reload();
          }}
        />
      )}
    </section>
  );
}

function ParkedEvent({ item: { type, stream, revision, reason, parkedAt } }: { readonly item: Parked }) {
  const orderId = orderOf(stream);
  return (
    <li class="entry">
      <div class="row between">
        <strong>{type ?? 'an event that was deleted since'}</strong>
        <small>{dateTime(parkedAt, { seconds: true })}</small>
      </div>
      <p>{reason || 'No reason was given.'}</p>
      <small>
        event {revision} of{' '}
        {orderId !== undefined && may('GET /orders/:orderId/timeline') ? (
          <Link to={`/orders/${orderId}/history`}>{stream}</Link>
        ) : (
          stream
        )}
      </small>
    </li>
  );
}

interface ReplayDialogProps {
  readonly total: number;
  readonly onClose: () => void;
  readonly onDone: (replayed: number) => void;
}

function ReplayDialog({ total, onClose, onDone }: ReplayDialogProps) {
  const [asked] = useState(total);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    // What is confirmed is the number that was read.
    if (total !== asked) onClose();
  }, [total]);
  return (
    <Dialog title={`Replay ${events(asked)}?`} onClose={onClose}>
      <div class="stack">
        <p>
          {asked === 1 ? 'It is' : `All ${count(asked)} are`} delivered again, the oldest first. That helps once the
          reason is gone: a fix is deployed, or a foreign event removed. Otherwise they are parked again.
        </p>
        {problem && <ProblemNotice problem={problem} />}
        <div class="row">
          <Button onPress={onClose}>Leave {asked === 1 ? 'it' : 'them'}</Button>
          <Button
            kind="main"
            onPress={async () => onDone((await ask(api.POST('/admin/parked/replay'))).replayed)}
            onProblem={(error) => setProblem(problemOf(error))}
          >
            Replay {events(asked)}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function events(total: number): string {
  return total === 1 ? '1 event' : `${count(total)} events`;
}
