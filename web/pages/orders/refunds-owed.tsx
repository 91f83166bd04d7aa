import { useEffect, useRef, useState } from 'preact/hooks';
import { api, ask } from '../../api/client.ts';
import { now } from '../../app/clock.ts';
import { Link } from '../../app/router.tsx';
import { Button } from '../../ui/button.tsx';
import { count, duration, money } from '../../ui/format.ts';
import { ProblemNotice } from '../../ui/notice.tsx';
import { CommandDialog } from './commands/command-dialog.tsx';
import type { OrderCommand } from './commands/commands.ts';
import { RefundButtons } from './commands/refund-buttons.tsx';
import './commands/commands.css';
import { orderNumber } from '../../ui/order-number.ts';
import { usePages } from './use-pages.ts';

/** Enough to begin with, and the orders stay in sight. */
const AT_ONCE = 4;

/** The money that is owed back, the longest owed first. */
export function RefundsOwed() {
  const { items, problem, hasMore, showMore, reload } = usePages('PENDING', (cursor, signal) =>
    ask(
      api.GET('/refunds', {
        params: { query: { status: 'PENDING', limit: AT_ONCE, ...(cursor && { cursor }) } },
        signal,
      }),
    ),
  );
  // The list may be behind: what was settled here stays away.
  const [settled, setSettled] = useState<readonly string[]>([]);
  const [asked, setAsked] = useState<{ readonly refundId: string; readonly command: OrderCommand }>();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (settled.length > 0) heading.current?.focus();
  }, [settled]);
  const owed = items?.filter(({ refundId }) => !settled.includes(refundId ?? ''));

  return (
    <section class="card stack refunds" aria-labelledby="refunds">
      <h2 id="refunds" tabIndex={-1} ref={heading}>
        Refunds owed
        {owed && owed.length > 0 && (
          <span class="badge refund-pending">{count(owed.length) + (hasMore ? '+' : '')}</span>
        )}
      </h2>
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      {!owed && !problem && <p>Looking for them …</p>}
      {owed?.length === 0 && <p>Nothing is owed back.</p>}
      {owed && owed.length > 0 && (
        <ul role="list" class="owed-list">
          {owed.map(({ orderId, refundId, amount, reason, requestedAt }) => (
            <li key={refundId} class="owed">
              <p>
                <strong>{money(amount)}</strong> for{' '}
                <Link to={`/orders/${orderId}/history`}>{orderNumber(orderId)}</Link>
                <small>
                  {requestedAt !== null && `${duration(now.value - Date.parse(requestedAt))} ago · `}
                  {reason}
                </small>
              </p>
              {refundId !== null && (
                <RefundButtons
                  refund={{ orderId, refundId, shownAmount: money(amount) }}
                  onAsk={(command) => setAsked({ refundId, command })}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {hasMore && <Button onPress={showMore}>Show more refunds</Button>}
      {asked && (
        <CommandDialog
          command={asked.command}
          onClose={() => setAsked(undefined)}
          onDone={({ refunds }) => {
            const { refundId } = asked;
            setAsked(undefined);
            const isPending = refunds.some((each) => each.refundId === refundId && each.status === 'PENDING');
            if (!isPending) setSettled([...settled, refundId]);
          }}
          onConflict={reload}
        />
      )}
    </section>
  );
}
