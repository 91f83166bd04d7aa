import type { Problem, Schemas } from '../../api/client.ts';
import type { PageProps } from '../../app/pages.ts';
import { Link } from '../../app/router.tsx';
import { may } from '../../app/session.ts';
import { ConnectionLine } from '../../live/connection-line.tsx';
import { useFollowed } from '../../live/shared.ts';
import { dateTime, money } from '../../ui/format.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { StatusBadge } from '../../ui/status.tsx';
import { OrderActions } from '../orders/commands/order-actions.tsx';
import { orderNumber } from '../../ui/order-number.ts';
import { EventList } from './event-list.tsx';
import { orderTopic } from './order-topic.ts';
import { RevisionSlider } from './revision-slider.tsx';
import { EventView, StateView } from './revision-view.tsx';
import { type TimelineItem, useChosenRevision, useHistory, useRevision } from './use-history.ts';
import './history.css';

/** All that ever happened to an order, and what it was after each step. */
export function HistoryPage({ params: { orderId = '' } }: PageProps) {
  const { state: progress, connection } = useFollowed(orderTopic(orderId));
  const { timeline, now, unreadable, last, reload } = useHistory(orderId, progress.value);
  const order = now.value;
  const isLost = [400, 404, 410].includes(timeline.problem?.status ?? 0);

  return (
    <div class="stack history">
      <PageHeading title={`Order ${orderNumber(orderId)}`}>
        {!isLost && <ConnectionLine connection={connection} />}
      </PageHeading>
      {order && !isLost && <Summary order={order} />}
      {unreadable !== undefined && <Stalled revision={unreadable} />}
      {timeline.problem && unreadable === undefined && <NoTimeline problem={timeline.problem} onRetry={reload} />}
      {!timeline.value && !timeline.problem && <Notice kind="loading">Reading its history …</Notice>}
      {timeline.value && !isLost && <Revisions orderId={orderId} events={timeline.value} last={last} />}
      {order && !isLost && unreadable === undefined && may('POST /orders/:orderId/refunds') && (
        <OrderActions order={order} onDone={reload} onConflict={reload} />
      )}
    </div>
  );
}

function Summary({ order }: { readonly order: Schemas['Order'] }) {
  const { id, customerName, customerId, placedAt, totalAmount, currency, status, paymentStatus } = order;
  return (
    <div class="row summary">
      <strong>{money(totalAmount, currency)}</strong>
      <StatusBadge status={status} />
      <StatusBadge status={paymentStatus} />
      <span>{customerName === 'Unknown' ? customerId : customerName}</span>
      <span class="soft">placed {dateTime(placedAt)}</span>
      <Link to={`/orders/${id}`}>Tracking</Link>
      <code class="soft">{id}</code>
    </div>
  );
}

function Stalled({ revision }: { readonly revision: number }) {
  return (
    <Notice kind="warning" title="This order stands still">
      Its event {revision} cannot be read. Until that is mended, the order stays as it was before, and nothing can be
      done to it. The event is parked: the operators find it there, with the reason.
    </Notice>
  );
}

function NoTimeline({ problem, onRetry }: { readonly problem: Problem; readonly onRetry: () => void }) {
  switch (problem.status) {
    case 400:
    case 404:
      return (
        <Notice kind="failed" title="No such order">
          There is no order with this number, or it is not yours. <Link to="/orders">Find another one</Link>
        </Notice>
      );
    case 410:
      return (
        <Notice kind="failed" title="Gone">
          This order was here once. It has been deleted, with its history. <Link to="/orders">Find another one</Link>
        </Notice>
      );
    default:
      return <ProblemNotice problem={problem} onRetry={onRetry} />;
  }
}

interface RevisionsProps {
  readonly orderId: string;
  readonly events: readonly TimelineItem[];
  readonly last: number;
}

function Revisions({ orderId, events, last }: RevisionsProps) {
  const { revision, mistake, choose } = useChosenRevision(last);
  const { value: seen, problem, reload } = useRevision(orderId, revision);
  const event = events.find((each) => each.revision === seen?.order.revision);
  return (
    <>
      {mistake !== undefined && (
        <Notice kind="warning" title="Another revision is shown">
          {mistake}
        </Notice>
      )}
      <RevisionSlider
        events={events}
        revision={revision}
        isLoading={seen?.order.revision !== revision && problem === undefined}
        onChoose={choose}
      />
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      <div class="revisions">
        <div class="revision" aria-busy={seen?.order.revision !== revision}>
          {seen && event ? (
            <>
              <EventView orderId={orderId} event={event} seen={seen} />
              <StateView seen={seen} />
            </>
          ) : (
            !problem && <Notice kind="loading">Reading revision {revision} …</Notice>
          )}
        </div>
        <EventList events={events} revision={revision} onChoose={choose} />
      </div>
    </>
  );
}
