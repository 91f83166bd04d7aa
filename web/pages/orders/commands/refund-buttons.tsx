import { useState } from 'preact/hooks';
import type { Schemas } from '../../../api/client.ts';
import { may } from '../../../app/session.ts';
import { Button } from '../../../ui/button.tsx';
import { CommandDialog } from './command-dialog.tsx';
import { completion, failure, type OrderCommand, type OwedRefund } from './commands.ts';

interface RefundButtonsProps {
  readonly refund: OwedRefund;
  readonly revision?: number | undefined;
  readonly onDone: (order: Schemas['PlainOrder']) => void;
  readonly onConflict: () => void;
}

/** Says of money that is owed back what became of it. */
export function RefundButtons({ refund, onDone, ...rest }: RefundButtonsProps) {
  const [asked, setAsked] = useState<OrderCommand>();
  const button = (route: string, name: string, command: (owed: OwedRefund) => OrderCommand) =>
    may(`POST /orders/:orderId/refunds/:refundId/${route}`) && (
      <Button aria-label={`${name}: ${refund.shownAmount}`} onPress={() => setAsked(command(refund))}>
        {name}
      </Button>
    );
  return (
    <div class="row">
      {button('complete', 'Given back', completion)}
      {button('fail', 'Failed', failure)}
      {asked && (
        <CommandDialog
          command={asked}
          onClose={() => setAsked(undefined)}
          onDone={(order) => {
            setAsked(undefined);
            onDone(order);
          }}
          {...rest}
        />
      )}
    </div>
  );
}
