import { useLayoutEffect, useRef } from 'preact/hooks';
import { statusWords } from '../../ui/status.tsx';
import type { Item, Lane as LaneContents } from './layout.ts';
import { CancelledTicket, TraceLine } from './remains.tsx';
import type { Screen } from './screen.ts';
import { Ticket } from './ticket.tsx';

interface LaneProps {
  readonly lane: LaneContents;
  readonly numbers: ReadonlyMap<string, string>;
  readonly screen: Screen;
}

/** A column of the board. */
export function Lane({ lane: { column, items }, numbers, screen }: LaneProps) {
  const list = useKeptFocus(items, screen);
  const many = items.filter(({ kind }) => kind === 'ticket').length;
  return (
    <section class="lane" aria-labelledby={`lane-${column}`}>
      <h2 id={`lane-${column}`}>
        {statusWords(column)} <span class="lane-count">{many}</span>
      </h2>
      {items.length === 0 && <p class="lane-empty">No orders</p>}
      <ul role="list" ref={list} tabIndex={-1} data-lane={column} aria-labelledby={`lane-${column}`}>
        {items.map((item) => (
          <li key={`${item.kind} ${item.card.id}`} data-order={item.card.id}>
            <Shown item={item} number={numbers.get(item.card.id) ?? ''} screen={screen} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Shown({ item, number, screen }: { readonly item: Item; readonly number: string; readonly screen: Screen }) {
  const { kind, card, key, trace } = item;
  if (kind === 'cancelled') return <CancelledTicket card={card} number={number} screen={screen} />;
  if (trace) return <TraceLine trace={trace} number={number} screen={screen} />;
  return <Ticket card={card} number={number} hotkey={key} screen={screen} />;
}

/**
 * An order that has the focus may leave the column. After it was bumped here, the next one has the focus; after
 * somebody else did that, none: whoever was about to press Enter must not press it for another order.
 */
function useKeptFocus(items: readonly Item[], screen: Screen) {
  const list = useRef<HTMLUListElement>(null);
  const focused = useRef<{ readonly item: Element; readonly id: string; readonly index: number } | undefined>(
    undefined,
  );

  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const take = ({ target }: FocusEvent) => {
      const item = target instanceof Element ? target.closest('[data-order]') : null;
      focused.current = item
        ? { item, id: item.getAttribute('data-order') ?? '', index: [...element.children].indexOf(item) }
        : undefined;
    };
    // An element that is taken away loses the focus while it is still there.
    const lose = () => {
      const left = focused.current;
      queueMicrotask(() => {
        if (left?.item.isConnected && focused.current === left) focused.current = undefined;
      });
    };
    element.addEventListener('focusin', take);
    element.addEventListener('focusout', lose);
    return () => {
      element.removeEventListener('focusin', take);
      element.removeEventListener('focusout', lose);
    };
  }, []);

  useLayoutEffect(() => {
    const { current: left } = focused;
    if (!left || left.item.isConnected || document.activeElement !== document.body) return;
    focused.current = undefined;
    const after = [...(list.current?.children ?? [])].slice(left.index);
    const next = after.map((item) => item.querySelector<HTMLElement>('[data-bump]')).find((button) => button !== null);
    if (screen.isOwn(left.id) && next) next.focus();
    else list.current?.focus({ preventScroll: true });
  }, [items]);

  return list;
}
