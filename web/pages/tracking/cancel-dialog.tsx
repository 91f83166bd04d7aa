import { useState } from 'preact/hooks';
import { api, ask } from '../../api/client.ts';
import { Field } from '../../ui/field.tsx';
import { OrderDialog, type OrderDialogProps } from './order-dialog.tsx';

/** Asks why, and cancels the order. */
export function CancelDialog(props: OrderDialogProps) {
  const { id: orderId, paymentStatus } = props.order;
  const [reason, setReason] = useState('');
  const [isMissing, setMissing] = useState(false);
  const body = { reason: reason.trim() };
  return (
    <OrderDialog
      {...props}
      title="Cancel the order?"
      action="Cancel the order"
      kind="danger"
      done="The order is cancelled."
      intention={`cancel ${body.reason}`}
      check={() => {
        setMissing(body.reason === '');
        return body.reason !== '';
      }}
      send={(header) => ask(api.POST('/orders/{orderId}/cancel', { params: { path: { orderId }, header }, body }))}
    >
      <p>
        It will not be made, and that cannot be taken back.
        {paymentStatus !== 'UNPAID' && ' What was paid is owed back at once.'}
      </p>
      <Field label="Why?" error={isMissing ? 'A word or two is enough.' : undefined}>
        <textarea
          rows={2}
          maxLength={2000}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </Field>
    </OrderDialog>
  );
}
