import { useEffect, useRef, useState } from 'preact/hooks';
import { may } from '../../app/session.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { AddressDialog } from './address-dialog.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { Delivery } from './delivery.tsx';
import { OrderDetails } from './order-details.tsx';
import type { Order } from './order-topic.ts';
import { ProgressCard } from './progress-card.tsx';
import { Receipt } from './receipt.tsx';

interface OrderViewProps {
  readonly order: Order;
  readonly isPickedUp: boolean;
  /** Takes the order as an answer has it. */
  readonly onOrder: (order: Order) => void;
}

const DIALOGS = { cancel: CancelDialog, address: AddressDialog };

export function OrderView({ order, isPickedUp, onOrder }: OrderViewProps) {
  const [asked, setAsked] = useState<keyof typeof DIALOGS>();
  const headline = useRef<HTMLHeadingElement>(null);
  const focused = useRef<EventTarget>(null);
  const { status } = order;
  const isOver = status === 'DELIVERED' || status === 'CANCELLED';
  const isAllowed = {
    cancel: !isOver && may('POST /orders/:orderId/cancel', undefined, status),
    address:
      !isOver && status !== 'OUT_FOR_DELIVERY' && may('POST /orders/:orderId/delivery-address', undefined, status),
  };
  const Asked = asked && DIALOGS[asked];

  // A button that is not allowed any more takes the focus with it.
  useEffect(() => {
    const isLost = focused.current instanceof Node && !focused.current.isConnected;
    if (isLost && document.activeElement === document.body) headline.current?.focus({ preventScroll: true });
  });

  function done(said: string): void {
    setAsked(undefined);
    announce(said);
  }

  return (
    <div class="stack" onFocusIn={({ target }) => (focused.current = target)}>
      <ProgressCard order={order} isPickedUp={isPickedUp} headlineRef={headline} />
      <div class="order-parts">
        <Receipt order={order} />
        <div class="stack">
          <Delivery order={order} isPickedUp={isPickedUp}>
            {isAllowed.address && (
              <Button onPress={() => setAsked('address')}>
                {isPickedUp ? 'Have it delivered' : 'Change the address'}
              </Button>
            )}
            {isAllowed.cancel && (
              <Button kind="danger" onPress={() => setAsked('cancel')}>
                Cancel the order
              </Button>
            )}
          </Delivery>
          {may('GET /kitchen/board') && <OrderDetails order={order} />}
        </div>
      </div>
      {asked && Asked && (
        <Asked
          order={order}
          isAllowed={isAllowed[asked]}
          onOrder={onOrder}
          onDone={done}
          onClose={() => setAsked(undefined)}
        />
      )}
    </div>
  );
}
