import type { ComponentChildren } from 'preact';
import type { Order } from './order-topic.ts';

interface DeliveryProps {
  readonly order: Order;
  readonly isPickedUp: boolean;
  /** What can be done about it. */
  readonly children: ComponentChildren;
}

/** Where the order goes. */
export function Delivery({ order: { deliveryAddress }, isPickedUp, children }: DeliveryProps) {
  return (
    <section class="card stack" aria-labelledby="delivery">
      <h2 id="delivery">{isPickedUp ? 'Pick-up' : 'Delivery'}</h2>
      {deliveryAddress ? (
        <address>
          {deliveryAddress.street}
          <br />
          {deliveryAddress.postalCode} {deliveryAddress.city}
        </address>
      ) : (
        <p>
          {isPickedUp ? 'To be picked up at the counter.' : 'The address is shown to the driver, once it is ready.'}
        </p>
      )}
      {deliveryAddress?.notes !== undefined && deliveryAddress.notes !== '' && (
        <p class="address-notes">{deliveryAddress.notes}</p>
      )}
      <div class="row">{children}</div>
    </section>
  );
}
