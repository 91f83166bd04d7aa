import { api, ask } from '../../api/client.ts';
import { Link } from '../../app/router.tsx';
import { dateTime } from '../../ui/format.ts';
import { useResource } from '../../ui/use-resource.ts';
import type { Order } from './order-topic.ts';

/** What the staff wants to know besides. */
export function OrderDetails({ order }: { readonly order: Order }) {
  const { id: orderId, customerId, kitchenNotes, placedAt, lastUpdated, revision } = order;
  // Its stream does not know who the customer is; the read model does, a moment later.
  const { value: found } = useResource(`customer of ${orderId}`, (signal) =>
    ask(api.GET('/orders/{orderId}', { params: { path: { orderId }, query: { minRevision: 0 } }, signal })),
  );
  const isNamed = found !== undefined && found.customerName !== 'Unknown';
  return (
    <section class="card stack" aria-labelledby="details">
      <h2 id="details">For the staff</h2>
      <dl class="facts">
        <dt>Customer</dt>
        <dd>
          {isNamed ? `${found.customerName} (${customerId})` : customerId}
          {found && found.customerEmail !== '' && <small> {found.customerEmail}</small>}
        </dd>
        <dt>Kitchen’s notes</dt>
        <dd>{kitchenNotes ?? 'none'}</dd>
        <dt>Placed</dt>
        <dd>{dateTime(placedAt)}</dd>
        <dt>Last change</dt>
        <dd>
          {dateTime(lastUpdated, { seconds: true })}, revision {revision}
        </dd>
        <dt>Id</dt>
        <dd>
          <code>{orderId}</code>
        </dd>
      </dl>
      <p>
        <Link to={`/orders/${orderId}/history`} class="button">
          History
        </Link>
      </p>
    </section>
  );
}
