import { useEffect, useRef } from 'preact/hooks';
import { api, ask } from '../../api/client.ts';
import { query } from '../../app/router.tsx';
import { may, seesOnlyOwn } from '../../app/session.ts';
import { settings } from '../../app/settings.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { count, timeZone } from '../../ui/format.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { endsTooEarly, type OrderFilter, readFilter, toParameters } from './filter.ts';
import { clearFilter, FilterForm } from './filter-form.tsx';
import { FindOrder } from './find-order.tsx';
import { OrderList } from './order-list.tsx';
import { RefundsOwed } from './refunds-owed.tsx';
import { usePages } from './use-pages.ts';
import './orders.css';

/** Finds orders; and says what is owed back to customers, to those who can do something about it. */
export function OrdersPage() {
  const isOwnOnly = seesOnlyOwn('GET /orders');
  const { customerId, ...others } = readFilter(query.value);
  // Whose orders a customer finds, the service says.
  const filter = { ...others, ...(customerId !== undefined && !isOwnOnly && { customerId }) };
  return (
    <div class="stack">
      <PageHeading title={isOwnOnly ? 'Your orders' : 'Orders'}>
        <FindOrder />
      </PageHeading>
      {may('GET /refunds') && <RefundsOwed />}
      <FilterForm filter={filter} isOwnOnly={isOwnOnly} />
      {!endsTooEarly(filter) && <FoundOrders filter={filter} isOwnOnly={isOwnOnly} />}
    </div>
  );
}

function FoundOrders({ filter, isOwnOnly }: { readonly filter: OrderFilter; readonly isOwnOnly: boolean }) {
  const asked = toParameters(filter, timeZone.value ?? settings().timeZone);
  const { items, problem, isLoading, hasMore, showMore, reload } = usePages(JSON.stringify(asked), (cursor, signal) =>
    ask(api.GET('/orders', { params: { query: { ...asked, ...(cursor && { cursor }) } }, signal })),
  );
  const end = useRef<HTMLParagraphElement>(null);
  const shown = items?.length ?? 0;
  const wasMore = useRef(false);
  useEffect(() => {
    // The button that was pressed is gone with the last page.
    if (wasMore.current && !hasMore && !isLoading && document.activeElement === document.body) end.current?.focus();
    wasMore.current = hasMore;
  }, [hasMore, isLoading]);

  async function showNext(): Promise<void> {
    await showMore();
    announce('More orders are shown.');
  }

  if (!items) {
    return problem ? (
      <ProblemNotice problem={problem} onRetry={reload} />
    ) : (
      <Notice kind="loading">Looking for orders …</Notice>
    );
  }
  return (
    <section class="stack found" aria-label="Orders" aria-busy={isLoading}>
      {problem && <ProblemNotice problem={problem} onRetry={reload} />}
      {shown === 0 ? (
        <Nothing isFiltered={Object.keys(filter).length > 0} />
      ) : (
        <OrderList orders={items} isOwnOnly={isOwnOnly} />
      )}
      {hasMore ? (
        <Button class="show-more" onPress={showNext}>
          Show more
        </Button>
      ) : (
        shown > 0 && (
          <p class="list-end" tabIndex={-1} ref={end}>
            {shown === 1 ? 'This is the only one.' : `These are all ${count(shown)}.`}
          </p>
        )
      )}
    </section>
  );
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  return isFiltered ? (
    <Notice kind="empty" title="No such orders" action={{ label: 'Clear the filter', onPress: clearFilter }}>
      No order is like this.
    </Notice>
  ) : (
    <Notice kind="empty" title="No orders yet">
      Nobody has ordered anything.
    </Notice>
  );
}
