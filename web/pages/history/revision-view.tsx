import { Link } from '../../app/router.tsx';
import { may } from '../../app/session.ts';
import { settings } from '../../app/settings.ts';
import { dateTime, duration, money } from '../../ui/format.ts';
import { StatusBadge, statusWords } from '../../ui/status.tsx';
import { differing, FIELDS, type Formats, labelOf, linesOf } from './fields.ts';
import { eventInWords } from './revisions.ts';
import { traceUrl } from '../../ui/trace-url.ts';
import type { Seen, TimelineItem } from './use-history.ts';

interface EventViewProps {
  readonly orderId: string;
  readonly event: TimelineItem;
  readonly seen: Seen;
}

function formatsOf({ currency }: Seen['order']): Formats {
  return {
    money: (amount) => money(amount, currency),
    dateTime: (time) => dateTime(time, { seconds: true }),
    duration,
    status: statusWords,
  };
}

/** An event: what it changed, who did it, and where more is to be found. */
export function EventView({ orderId, event, seen }: EventViewProps) {
  const { eventType, description, timestamp, actor, details, traceId } = event;
  const trace = traceUrl(settings().traceUrlTemplate, traceId);
  const mayAudit = may('GET /audit');
  return (
    <section class="card stack event-view" aria-labelledby="event">
      <div>
        <h2 id="event">{eventInWords(eventType)}</h2>
        <p>{description}</p>
        <small>
          {dateTime(timestamp, { seconds: true })} · by {actor}
        </small>
      </div>
      <Changes seen={seen} />
      {(mayAudit || trace !== undefined) && (
        <p class="event-links">
          {mayAudit && <Link to={`/operations?actor=${encodeURIComponent(actor)}`}>All that {actor} did</Link>}
          {mayAudit && <Link to={`/operations?orderId=${orderId}`}>This order in the audit</Link>}
          {trace !== undefined && <a href={trace}>Trace</a>}
        </p>
      )}
      {mayAudit && (
        <details>
          <summary>Raw event</summary>
          <pre tabIndex={0} aria-label="Raw event">
            {JSON.stringify({ eventType, revision: event.revision, timestamp, actor, traceId, data: details }, null, 2)}
          </pre>
        </details>
      )}
    </section>
  );
}

function Changes({ seen: { order, changes } }: Pick<EventViewProps, 'seen'>) {
  const formats = formatsOf(order);
  if (order.revision === 0) return <p class="soft">The order begins here.</p>;
  const shown = meant(changes);
  if (shown.length === 0) return <p class="soft">It changed nothing of the order.</p>;
  return (
    <dl class="changes" aria-label={`What changed from revision ${order.revision - 1} to ${order.revision}`}>
      {shown.map(({ field, from, to }) => {
        const { gone, come } = differing(linesOf(field, from, formats), linesOf(field, to, formats));
        return (
          <div key={field} data-field={field}>
            <dt>{labelOf(field)}</dt>
            <Side name="before" lines={gone} />
            <Side name="after" lines={come} />
          </div>
        );
      })}
    </dl>
  );
}

/** Without that it was changed just then, which goes without saying. */
function meant(changes: Seen['changes']): Seen['changes'] {
  return changes.filter(({ field }) => field !== 'lastUpdated');
}

function Side({ name, lines }: { readonly name: 'before' | 'after'; readonly lines: readonly string[] }) {
  return (
    <dd class={name}>
      <span class="visually-hidden">{name}: </span>
      {lines.length === 0 ? <span class="soft">nothing</span> : lines.map((line, index) => <p key={index}>{line}</p>)}
    </dd>
  );
}

/** The order right after a revision; what that has changed is marked. */
export function StateView({ seen: { order, changes } }: { readonly seen: Seen }) {
  const formats = formatsOf(order);
  const changed = new Set(meant(changes).map(({ field }) => field));
  return (
    <section class="card stack state-view" aria-labelledby="state">
      <h2 id="state">
        The order at revision <span data-shown-revision>{order.revision}</span>
      </h2>
      <dl class="state">
        {FIELDS.map(({ name, label }) => {
          const value = order[name as keyof typeof order];
          const lines = linesOf(name, value, formats);
          return (
            <div key={name} class={changed.has(name) ? 'changed' : ''} data-field={name}>
              <dt>
                {label}
                {changed.has(name) && <span class="visually-hidden"> (changed)</span>}
              </dt>
              <dd>
                {lines.length === 0 && <span class="soft">none</span>}
                {name === 'status' || name === 'paymentStatus' ? (
                  <StatusBadge status={order[name]} />
                ) : (
                  lines.map((line, index) => <p key={index}>{line}</p>)
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
