import { computed } from '@preact/signals';
import type { ComponentChild } from 'preact';
import type { Schemas } from '../../api/client.ts';
import { now } from '../../app/clock.ts';
import { Link } from '../../app/router.tsx';
import { dateTime, duration, money } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status.tsx';
import { itemsInWords } from './order-words.ts';
import { orderNumber } from '../../ui/order-number.ts';
import { useMedia } from './use-media.ts';

/** The time, anew each minute. */
const minute = computed(() => Math.floor(now.value / 60_000) * 60_000);

type Order = Schemas['Order'];

interface OrderListProps {
  readonly orders: readonly Order[];
  /** Whether they are of one customer, who need not be named. */
  readonly isOwnOnly: boolean;
}

/** Orders: a table where there is room for one, else cards. */
export function OrderList({ orders, isOwnOnly }: OrderListProps) {
  const isWide = useMedia('(min-width: 64rem)');
  return isWide ? (
    <table class="orders-table">
      <caption class="visually-hidden">Orders, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Order</th>
          <th scope="col">Placed</th>
          {!isOwnOnly && <th scope="col">Customer</th>}
          <th scope="col">Items</th>
          <th scope="col" class="number">
            Total
          </th>
          <th scope="col">Status</th>
          <th scope="col">Go to</th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <tr key={order.id}>
            <th scope="row">
              <OrderNumber order={order} />
            </th>
            <td>
              <Placed order={order} />
            </td>
            {!isOwnOnly && (
              <td>
                <Customer order={order} />
              </td>
            )}
            <td class="items">{itemsInWords(order.items)}</td>
            <td class="number">{money(order.totalAmount, order.currency)}</td>
            <td>
              <Badges order={order} />
            </td>
            <td>
              <Links order={order} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  ) : (
    <ul role="list" class="stack" aria-label="Orders, newest first">
      {orders.map((order) => (
        <li key={order.id} class="card order-card">
          <div class="order-card-line">
            <OrderNumber order={order} />
            <strong>{money(order.totalAmount, order.currency)}</strong>
          </div>
          <Badges order={order} />
          <p class="items">{itemsInWords(order.items)}</p>
          <div class="order-card-line">
            <Placed order={order} />
            {!isOwnOnly && <Customer order={order} />}
          </div>
          <Links order={order} />
        </li>
      ))}
    </ul>
  );
}

interface OfOrder {
  readonly order: Order;
}

function OrderNumber({ order: { id } }: OfOrder) {
  return (
    <code class="order-number" title={id}>
      {orderNumber(id)}
    </code>
  );
}

function Placed({ order: { placedAt } }: OfOrder) {
  return (
    <Two>
      {dateTime(placedAt)}
      {`${duration(minute.value - Date.parse(placedAt))} ago`}
    </Two>
  );
}

function Customer({ order: { customerName, customerId } }: OfOrder) {
  return customerName === 'Unknown' ? (
    <span class="two">{customerId}</span>
  ) : (
    <Two>
      {customerName}
      {customerId}
    </Two>
  );
}

/** Something, and below it what else is to be said of it. */
function Two({ children: [first, second] }: { readonly children: readonly [ComponentChild, ComponentChild] }) {
  return (
    <span class="two">
      {first}
      <small>{second}</small>
    </span>
  );
}

function Badges({ order: { status, paymentStatus, projection } }: OfOrder) {
  return (
    <span class="badges">
      <StatusBadge status={status} />
      <StatusBadge status={paymentStatus} />
      {projection && <span class="badge cancelled">Stands still</span>}
    </span>
  );
}

function Links({ order: { id } }: OfOrder) {
  const of = <span class="visually-hidden"> of order {orderNumber(id)}</span>;
  return (
    <span class="order-links">
      <Link to={`/orders/${id}`}>Tracking{of}</Link>
      <Link to={`/orders/${id}/history`}>History{of}</Link>
    </span>
  );
}
