import { useState } from 'preact/hooks';
import { api, ask } from '../../api/client.ts';
import { AddressFields } from '../order/address-fields.tsx';
import { type Address, type Mistakes, mistakesInAddress, NOBODY, toAddress } from '../order/basket.ts';
import { OrderDialog, type OrderDialogProps } from './order-dialog.tsx';

/** Asks for another address, and has the order delivered there. */
export function AddressDialog(props: OrderDialogProps) {
  const { id: orderId, deliveryAddress } = props.order;
  const [address, setAddress] = useState<Address>({ ...NOBODY.address, ...deliveryAddress });
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const body = toAddress(address);
  return (
    <OrderDialog
      {...props}
      title="Where shall it go?"
      action="Deliver it there"
      kind="main"
      done="The address is changed."
      intention={`address ${JSON.stringify(body)}`}
      check={() => {
        const found = mistakesInAddress(address);
        setMistakes(found);
        return Object.keys(found).length === 0;
      }}
      send={(header) =>
        ask(api.POST('/orders/{orderId}/delivery-address', { params: { path: { orderId }, header }, body }))
      }
    >
      <AddressFields address={address} mistakes={mistakes} onChange={setAddress} />
    </OrderDialog>
  );
}
