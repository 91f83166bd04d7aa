import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { now } from '../../app/clock.ts';
import type { PageProps } from '../../app/pages.ts';
import { href } from '../../app/router.tsx';
import { loginUrl, may } from '../../app/session.ts';
import { useTitle } from '../../app/use-title.ts';
import { ConnectionLine } from '../../live/connection-line.tsx';
import { useFollowed } from '../../live/shared.ts';
import type { Connection } from '../../live-client.ts';
import { announce } from '../../ui/announcer.tsx';
import { Notice } from '../../ui/notice.tsx';
import { orderNumber } from '../../ui/order-number.ts';
import { PageHeading } from '../../ui/page-heading.tsx';
import { OrderView } from './order-view.tsx';
import { orderTopic, withChange } from './order-topic.ts';
import { progressOf } from './progress.ts';
import './tracking.css';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

export function TrackingPage({ params: { orderId = '' } }: PageProps) {
  const id = orderId.toLowerCase();
  return UUID.test(id) ? <Tracking orderId={id} /> : <NoSuchOrder />;
}

function Tracking({ orderId }: { readonly orderId: string }) {
  const { state, connection } = useFollowed(useMemo(() => orderTopic(orderId), [orderId]));
  const { order, isStalled } = state.value;
  // Without an address it is picked up; but who may not see the address does not know.
  const isPickedUp = order?.deliveryAddress === null && may('POST /orders/:orderId/delivery-address');
  const headline = order && progressOf(order.status, isPickedUp).headline;
  useTitle(headline ?? 'Your order');
  useAnnounced(headline);

  if (!order) return <NotThereYet connection={connection.value} />;
  return (
    <>
      <PageHeading title={`Order ${orderNumber(orderId)}`}>
        <ConnectionLine connection={connection} />
      </PageHeading>
      <div class="stack">
        <ConnectionNotice connection={connection.value} />
        {isStalled && (
          <Notice kind="warning" title="Something more happened to this order">
            It cannot be read at the moment. What you see is how it was before.
          </Notice>
        )}
        <OrderView
          order={order}
          isPickedUp={isPickedUp}
          onOrder={(changed) => (state.value = withChange(state.value, changed))}
        />
      </div>
    </>
  );
}

/** Says what changes by itself; not what was there at the beginning. */
function useAnnounced(headline: string | undefined): void {
  const before = useRef<string>(undefined);
  useEffect(() => {
    if (before.current !== undefined && headline !== undefined) announce(`Your order: ${headline}.`);
    before.current = headline;
  }, [headline]);
}

const SLOW_AFTER_MS = 4000;

function NotThereYet({ connection }: { readonly connection: Connection }) {
  const [since] = useState(() => now.peek());
  if (connection === 'gone') return <NoSuchOrder />;
  if (connection === 'signed-out' || connection === 'forbidden') return <ConnectionNotice connection={connection} />;
  const isSlow = now.value - since > SLOW_AFTER_MS;
  return (
    <>
      <PageHeading title="Your order" />
      {isSlow ? (
        <Notice kind="offline" title="The service does not answer">
          This page asks again by itself, until it does.
        </Notice>
      ) : (
        <Notice kind="loading">Looking for your order …</Notice>
      )}
    </>
  );
}

function ConnectionNotice({ connection }: { readonly connection: Connection }) {
  switch (connection) {
    case 'signed-out':
      return (
        <Notice kind="warning" title="Your session has ended" action={{ label: 'Log in', href: loginUrl() }}>
          Log in again to follow this order.
        </Notice>
      );
    case 'forbidden':
      return (
        <Notice kind="failed" title="Not for you">
          Your role may not follow this order.
        </Notice>
      );
    case 'gone':
      return (
        <Notice kind="warning" title="This order was deleted">
          What you see is how it was before.
        </Notice>
      );
    case 'live':
    case 'behind':
    case 'reconnecting':
      return null;
    default:
      return connection satisfies never;
  }
}

function NoSuchOrder() {
  useTitle('No such order');
  return (
    <>
      <PageHeading title="No such order" />
      <Notice kind="empty" action={{ label: 'Order something', href: href('/order') }}>
        There is no order of yours at this address. Is a part of it missing?
      </Notice>
    </>
  );
}
