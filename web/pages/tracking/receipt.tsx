import { api, ask, type Schemas } from '../../api/client.ts';
import { fromMinor, toMinor } from '../../ui/amount.ts';
import { dateTime, money } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status.tsx';
import { useResource } from '../../ui/use-resource.ts';
import { nameOf, offersOf } from '../order/basket.ts';
import type { Order } from './order-topic.ts';

/** What was ordered, what it costs, and what became of the money. */
export function Receipt({ order }: { readonly order: Order }) {
  const { items, totalAmount, currency, paymentStatus, refunds } = order;
  const menu = useResource('menu', (signal) => ask(api.GET('/menu', { signal })));
  const offers = menu.value && offersOf(menu.value);
  const sum = items.reduce((minor, { unitPrice, quantity }) => minor + toMinor(unitPrice) * quantity, 0);
  // An order has names and skus; which size a sku is, the menu knows.
  const sizeOf = (sku = '') => offers?.get(sku)?.size ?? null;
  const discount = sum - toMinor(totalAmount);
  return (
    <section class="card stack" aria-labelledby="receipt">
      <h2 id="receipt">What you ordered</h2>
      <ul role="list" class="receipt">
        {items.map(({ name, quantity, unitPrice, sku }, index) => (
          <li key={index}>
            <span>
              <strong>{quantity} ×</strong> {nameOf({ name, size: sizeOf(sku) })}
            </span>
            <span>{money(fromMinor(toMinor(unitPrice) * quantity), currency)}</span>
          </li>
        ))}
        {discount > 0 && (
          <li>
            <span>Discount</span>
            <span>{money(fromMinor(-discount), currency)}</span>
          </li>
        )}
        <li class="sum">
          <span>Total</span>
          <strong>{money(totalAmount, currency)}</strong>
        </li>
      </ul>
      <p class="row">
        <StatusBadge status={paymentStatus} /> {paymentWords(order)}
      </p>
      {refunds.length > 0 && (
        <ul class="refunds">
          {refunds.map((refund) => (
            <li key={refund.refundId}>{refundWords(refund, currency)}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function paymentWords({ status, paymentStatus }: Order): string {
  switch (paymentStatus) {
    case 'UNPAID':
      return status === 'CANCELLED' ? 'There is nothing to pay.' : 'It is still to be paid.';
    case 'PAID':
      return 'It is paid. Thank you.';
    case 'REFUND_PENDING':
      return 'We owe you money. It is on its way back to you.';
    case 'PARTIALLY_REFUNDED':
      return 'You got a part of the money back.';
    case 'REFUNDED':
      return 'You got your money back.';
    default:
      return paymentStatus satisfies never;
  }
}

function refundWords(
  { amount, status, reason, requestedAt, completedAt }: Schemas['Refund'],
  currency: string,
): string {
  const what = money(amount, currency);
  switch (status) {
    case 'PENDING':
      return `${what} is on its way back since ${dateTime(requestedAt)} (${reason}).`;
    case 'COMPLETED':
      return `${what} was given back on ${dateTime(completedAt ?? requestedAt)} (${reason}).`;
    case 'FAILED':
      return `${what} could not be given back (${reason}). We are looking for another way.`;
    default:
      return status satisfies never;
  }
}
