import './operations.css';
import { useEffect } from 'preact/hooks';
import { may } from '../../app/session.ts';
import { ConnectionLine } from '../../live/connection-line.tsx';
import { useFollowed } from '../../live/shared.ts';
import { announce } from '../../ui/announcer.tsx';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { useResource } from '../../ui/use-resource.ts';
import { Audit } from './audit.tsx';
import { Health } from './health.tsx';
import { ParkedEvents } from './parked-events.tsx';
import { parkedTotal } from './parked-mark.tsx';
import { ReadModels } from './read-models.tsx';
import { type OperationsState, troubles } from './state.ts';
import { loadOperations, operations } from './topic.ts';

/** How the service does, and what an operator can do about it. */
export function OperationsPage() {
  const { state, connection } = useFollowed(operations);
  const asked = useResource('operations', loadOperations);
  const isFollowed = state.value.checks !== undefined;
  const known = isFollowed ? state.value : (asked.value ?? state.value);
  useEffect(() => {
    if (known.parked !== undefined) parkedTotal.value = known.parked;
  }, [known.parked]);
  return (
    <>
      <PageHeading title="Operations">
        <ConnectionLine connection={connection} />
      </PageHeading>
      <div class="stack">
        {!isFollowed && asked.problem && <ProblemNotice problem={asked.problem} onRetry={asked.reload} />}
        <Summary state={known} />
        <Health state={known} />
        <ReadModels state={known} />
        <ParkedEvents total={known.parked} />
        {may('GET /audit') && <Audit />}
      </div>
    </>
  );
}

function Summary({ state }: { readonly state: OperationsState }) {
  const found = troubles(state).join(' ');
  const isKnown = state.checks !== undefined || state.items !== undefined;
  useEffect(() => {
    if (isKnown) announce(found || 'Everything is as it should be.');
  }, [found, isKnown]);
  if (!isKnown) return <Notice kind="loading">Looking how the service does …</Notice>;
  return (
    <>
      {found ? (
        <Notice kind="warning" title="Not as it should be">
          {found}
        </Notice>
      ) : (
        <Notice kind="success">Everything is as it should be.</Notice>
      )}
      {!may('POST /admin/projections/:name/rebuild') && (
        <p>
          <small>You look at this. Rebuilding, verifying and replaying are for the role admin.</small>
        </p>
      )}
    </>
  );
}
