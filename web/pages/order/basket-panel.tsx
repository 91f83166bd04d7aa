import { useRef, useState } from 'preact/hooks';
import { fromMinor } from '../../ui/amount.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { money } from '../../ui/format.ts';
import {
  type Change,
  type Line,
  type Mistakes,
  mistakesIn,
  nameOf,
  totalMinor,
  withQuantity,
  without,
} from './basket.ts';
import { BasketLines } from './basket-lines.tsx';
import { ChangeList } from './changes.tsx';
import { Checkout, EarlierOrder, GuestForm } from './checkout.tsx';
import { change, draft } from './draft.ts';
import { currentGuest, type usePlacing } from './use-placing.ts';

interface BasketPanelProps {
  readonly changes: readonly Change[];
  readonly onSeen: () => void;
  readonly placing: ReturnType<typeof usePlacing>;
}

/** What is in the basket, what it costs, and the way to order it. */
export function BasketPanel({ changes, onSeen, placing }: BasketPanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const { lines } = draft.value;

  function setQuantity(line: Line, quantity: number): void {
    change({ lines: withQuantity(draft.value.lines, line.sku, quantity) });
    announceTotal(nameOf(line));
  }

  function remove(line: Line): void {
    change({ lines: without(draft.value.lines, line.sku) });
    announceTotal(`${nameOf(line)} removed`);
    heading.current?.focus(); // its button is gone
  }

  async function check(): Promise<void> {
    const found = mistakesIn(currentGuest());
    setMistakes(found);
    if (Object.keys(found).length === 0) await placing.place();
  }

  return (
    <section class="card basket" aria-labelledby="basket">
      <div class="basket-content stack">
        <h2 id="basket" ref={heading} tabIndex={-1}>
          Your basket
        </h2>
        {placing.earlierId !== undefined && <EarlierOrder orderId={placing.earlierId} />}
        {changes.length > 0 && (
          <div class="notice warning" role="status">
            <p class="notice-title">The menu has changed</p>
            <ChangeList changes={changes} />
            <Button onPress={onSeen}>All right</Button>
          </div>
        )}
        {lines.length === 0 ? (
          <p class="nothing">There is nothing in it yet. Press a price on the menu to put something in.</p>
        ) : (
          <>
            <BasketLines lines={lines} onQuantity={setQuantity} onRemove={remove} />
            <GuestForm mistakes={mistakes} form={form} />
          </>
        )}
      </div>
      {lines.length > 0 && <Checkout placing={placing} onPlace={check} />}
    </section>
  );
}

/** Says what the basket costs after something happened to it. */
export function announceTotal(what: string): void {
  announce(`${what}. The total is ${money(fromMinor(totalMinor(draft.value.lines)))}.`);
}
