import { useEffect, useRef, useState } from 'preact/hooks';
import type { Schemas } from '../../../api/client.ts';
import { may } from '../../../app/session.ts';
import { Button } from '../../../ui/button.tsx';
import { money } from '../../../ui/format.ts';
import { CommandDialog } from './command-dialog.tsx';
import { cancellation, leftToRefund, type OrderCommand, payment, refund } from './commands.ts';
import { RefundButtons } from './refund-buttons.tsx';
import './commands.css';

type Order = Schemas['Order'];

interface OrderActionsProps {
  /** As it is now. */
  readonly order: Order;
  readonly onDone: (order: Schemas['PlainOrder']) => void;
  readonly onConflict: () => void;
}

/** What whoever answers for the money can do to an order. */
export function OrderActions({ order, onDone, onConflict }: OrderActionsProps) {
  // Made anew of each newer order while the question is open.
  const [asked, setAsked] = useState<{ readonly command: (order: Order) => OrderCommand }>();
  const [doneCount, setDoneCount] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  // The button that was pressed may be gone.
  useEffect(() => {
    if (doneCount > 0) heading.current?.focus();
  }, [doneCount]);
  const { status, paymentStatus, currency, revision } = order;
  const isOver = status === 'DELIVERED' || status === 'CANCELLED';
  const canBe = {
    paid: paymentStatus === 'UNPAID' && may('POST /orders/:orderId/payment'),
    refunded: paymentStatus !== 'UNPAID' && leftToRefund(order) > 0 && may('POST /orders/:orderId/refunds'),
    cancelled: !isOver && may('POST /orders/:orderId/cancel'),
  };
  const owed = order.refunds.filter((each) => each.status === 'PENDING');
  const done = (changed: Schemas['PlainOrder']) => {
    setAsked(undefined);
    setDoneCount((count) => count + 1);
    onDone(changed);
  };

  return (
    <section class="card stack actions" aria-labelledby="actions">
      <h2 id="actions" tabIndex={-1} ref={heading}>
        Actions
      </h2>
      <div class="row">
        {canBe.paid && <Button onPress={() => setAsked({ command: payment })}>Record a payment</Button>}
        {canBe.refunded && <Button onPress={() => setAsked({ command: refund })}>Refund</Button>}
        {canBe.cancelled && (
          <Button kind="danger" onPress={() => setAsked({ command: cancellation })}>
            Cancel the order
          </Button>
        )}
        {!Object.values(canBe).includes(true) && owed.length === 0 && <p>There is nothing left to do.</p>}
      </div>
      {owed.length > 0 && (
        <ul role="list" class="stack">
          {owed.map(({ refundId, amount, reason }) => {
            const shownAmount = money(amount, currency);
            return (
              <li key={refundId} class="owed">
                <p>
                  <strong>{shownAmount}</strong> owed back <small>{reason}</small>
                </p>
                <RefundButtons
                  refund={{ orderId: order.id, refundId, shownAmount }}
                  onAsk={(command) => setAsked({ command: () => command })}
                />
              </li>
            );
          })}
        </ul>
      )}
      {asked && (
        <CommandDialog
          command={asked.command(order)}
          revision={revision}
          onClose={() => setAsked(undefined)}
          onDone={done}
          onConflict={onConflict}
        />
      )}
    </section>
  );
}
