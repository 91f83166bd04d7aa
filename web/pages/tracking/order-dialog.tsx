import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { api, ask, Problem } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { statusWords } from '../../ui/status.tsx';
import { useCommand } from '../../ui/use-command.ts';
import type { Order } from './order-topic.ts';

/** With what a command on an order is sent. */
export interface CommandHeader {
  readonly 'idempotency-key': string;
  readonly 'if-match': string;
}

export interface OrderDialogProps {
  /** As it is now. */
  readonly order: Order;
  /** Whether it may still be done to the order as it is now. */
  readonly isAllowed: boolean;
  /** Takes the order that came of it, or as it has become meanwhile. */
  readonly onOrder: (order: Order) => void;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}

interface Asking extends OrderDialogProps {
  readonly title: string;
  readonly action: string;
  readonly kind: 'main' | 'danger';
  /** What is said when it is done. */
  readonly done: string;
  /** What is to be done, as a text: another one is another command. */
  readonly intention: string;
  /** Whether all is there that it needs. */
  readonly check: () => boolean;
  readonly send: (header: CommandHeader) => Promise<Order>;
  readonly children: ComponentChildren;
}

/** A question before something is done to the order as it is shown: if it has changed, that is said instead. */
export function OrderDialog({ order, isAllowed, onOrder, onDone, onClose, children, ...asking }: Asking) {
  const { title, action, kind, done, intention, check, send } = asking;
  const [problem, setProblem] = useState<Problem>();
  const run = useCommand((key) => send({ 'idempotency-key': key, 'if-match': `"${order.revision}"` }));

  async function press(): Promise<void> {
    if (!check()) return;
    setProblem(undefined);
    try {
      onOrder(await run(intention));
      onDone(done);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (isConflict(error)) onOrder(await ask(stateOf(order.id)));
      setProblem(error);
    }
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form class="stack" noValidate onSubmit={(event) => event.preventDefault()}>
        {isAllowed && children}
        {(!isAllowed || (problem && isConflict(problem))) && (
          <Notice kind="warning" title={`Meanwhile: ${statusWords(order.status)}`}>
            {isAllowed
              ? 'The order has changed while you were looking. If you still want this, press again.'
              : 'Nothing is left to do here.'}
          </Notice>
        )}
        {isAllowed && problem && !isConflict(problem) && <ProblemNotice problem={problem} />}
        <div class="row">
          {isAllowed && (
            <Button kind={kind} type="submit" onPress={press} onProblem={sayProblem}>
              {action}
            </Button>
          )}
          <Button onPress={onClose}>{isAllowed ? 'Leave it as it is' : 'Close'}</Button>
        </div>
      </form>
    </Dialog>
  );

  /** Of asking how the order is now. */
  function sayProblem(error: unknown): void {
    if (error instanceof Problem) setProblem(error);
  }
}

/** A rule, a revision or a right that went with an earlier status. */
function isConflict({ status }: Problem): boolean {
  return status === 403 || status === 409 || status === 412;
}

function stateOf(orderId: string) {
  return api.GET('/orders/{orderId}/state', { params: { path: { orderId } } });
}
