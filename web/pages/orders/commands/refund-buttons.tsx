import { may } from '../../../app/session.ts';
import { Button } from '../../../ui/button.tsx';
import { completion, failure, type OrderCommand, type OwedRefund } from './commands.ts';

interface RefundButtonsProps {
  readonly refund: OwedRefund;
  /** Takes what is to be asked. Whoever shows the list asks it: it is to stay when the refund is gone from the list. */
  readonly onAsk: (command: OrderCommand) => void;
}

/** Says of money that is owed back what became of it. */
export function RefundButtons({ refund, onAsk }: RefundButtonsProps) {
  const button = (route: string, name: string, command: (owed: OwedRefund) => OrderCommand) =>
    may(`POST /orders/:orderId/refunds/:refundId/${route}`) && (
      <Button aria-label={`${name}: ${refund.shownAmount}`} onPress={() => onAsk(command(refund))}>
        {name}
      </Button>
    );
  return (
    <div class="row">
      {button('complete', 'Given back', completion)}
      {button('fail', 'Failed', failure)}
    </div>
  );
}
