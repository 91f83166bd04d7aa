import { useEffect, useRef } from 'preact/hooks';
import { api, ask, type Schemas } from '../../api/client.ts';
import { Link, navigate, path, query } from '../../app/router.tsx';
import { may } from '../../app/session.ts';
import { settings } from '../../app/settings.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { dateTime, shownZone } from '../../ui/format.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { useResource } from '../../ui/use-resource.ts';
import { AuditForm } from './audit-form.tsx';
import { type AuditFilter, filterOf, toAuditQuery } from './audit-filter.ts';
import { traceUrl } from '../../ui/trace-url.ts';

type Entry = Schemas['AuditPage']['items'][number];

/** Who did what when, across orders: searched by the address, so that other pages can lead here. */
export function Audit() {
  const filter = filterOf(query.value);
  const cursor = query.value.get('cursor') ?? undefined;
  const asked = { ...toAuditQuery(filter, shownZone()), ...(cursor !== undefined && { cursor }) };
  const { value, problem, isLoading, reload } = useResource(JSON.stringify(asked), (signal) =>
    ask(api.GET('/audit', { params: { query: asked }, signal })),
  );
  const hasSearched = useRef(false);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (value && hasSearched.current) announce(`${value.items.length} entries`);
    hasSearched.current = true;
  }, [value]);

  /** The button that was pressed may not be there on the next page: the list has the focus. */
  function turn(to?: string): void {
    show(filter, to);
    section.current?.focus();
  }

  return (
    <section ref={section} tabIndex={-1} class="card stack" aria-labelledby="audit">
      <div>
        <h2 id="audit">Audit</h2>
        <small>Every change of every order, newest first.</small>
      </div>
      <AuditForm filter={filter} onSearch={show} />
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      <div class="audit-entries" aria-busy={isLoading}>
        {!value && !problem && <Notice kind="loading">Looking …</Notice>}
        {value?.items.length === 0 && <Notice kind="empty">Nothing was found.</Notice>}
        <ol role="list" class="entries">
          {value?.items.map((entry) => (
            <AuditEntry key={entry.eventId} entry={entry} />
          ))}
        </ol>
      </div>
      <div class="row">
        {cursor !== undefined && <Button onPress={() => turn()}>Newest</Button>}
        {value?.nextCursor !== undefined && (
          // While a search is under way, the page that is shown is another search's.
          <Button disabled={isLoading} onPress={() => turn(value.nextCursor)}>
            Older
          </Button>
        )}
      </div>
    </section>
  );
}

/** A search, and each page of it, is a step for the browser's Back button. */
function show(filter: AuditFilter, cursor?: string): void {
  const next = new URLSearchParams({ ...filter, ...(cursor !== undefined && { cursor }) }).toString();
  navigate(path.value + (next && `?${next}`));
}

function AuditEntry({ entry }: { readonly entry: Entry }) {
  const { timestamp, type, orderId, revision, actor, description, traceId } = entry;
  const trace = traceUrl(settings().traceUrlTemplate, traceId);
  return (
    <li class="entry">
      <div class="row between">
        <strong>{description}</strong>
        <small>{dateTime(timestamp, { seconds: true })}</small>
      </div>
      <small>
        {actor} · {type} · event {revision} of order{' '}
        {may('GET /orders/:orderId/timeline') ? (
          <Link to={`/orders/${orderId}/history?revision=${revision}`}>{orderId}</Link>
        ) : (
          orderId
        )}
        {trace !== undefined && (
          <>
            {' · '}
            <a href={trace}>trace</a>
          </>
        )}
      </small>
    </li>
  );
}
