import { useEffect, useRef } from 'preact/hooks';
import { dateTime } from '../../ui/format.ts';
import { eventInWords } from './revisions.ts';
import type { TimelineItem } from './use-history.ts';

interface EventListProps {
  readonly events: readonly TimelineItem[];
  readonly revision: number;
  readonly onChoose: (revision: number) => void;
}

/** The events of an order, oldest first; each leads to its revision. */
export function EventList({ events, revision, onChoose }: EventListProps) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (!list.current || !current) return;
    // The list scrolls, and never the page.
    const { offsetTop, offsetHeight } = current;
    const { scrollTop, clientHeight } = list.current;
    if (offsetTop < scrollTop) list.current.scrollTop = offsetTop;
    else if (offsetTop + offsetHeight > scrollTop + clientHeight)
      list.current.scrollTop = offsetTop + offsetHeight - clientHeight;
  }, [revision, events.length]);

  return (
    <section class="card event-list" aria-labelledby="events">
      <h2 id="events">Events</h2>
      <ol role="list" ref={list}>
        {events.map(({ revision: at, eventType, description, timestamp, actor }) => (
          <li key={at}>
            <button
              type="button"
              class="event"
              aria-current={at === revision ? 'true' : undefined}
              onClick={() => onChoose(at)}
            >
              <span class="event-number">{at}</span>
              <span class="event-name">{eventInWords(eventType)}</span>
              <small class="event-when">
                {dateTime(timestamp, { seconds: true })} · {actor}
              </small>
              <span class="event-words">{description}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
