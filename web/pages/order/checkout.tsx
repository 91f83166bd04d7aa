import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { href } from '../../app/router.tsx';
import { onlyCustomer } from '../../app/session.ts';
import { fromMinor } from '../../ui/amount.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { money } from '../../ui/format.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { AddressFields } from './address-fields.tsx';
import { type Guest, type Mistakes, totalMinor } from './basket.ts';
import { change, draft } from './draft.ts';
import type { usePlacing } from './use-placing.ts';

const FORM = 'checkout';

interface GuestFormProps {
  readonly mistakes: Mistakes;
  readonly form: RefObject<HTMLFormElement | null>;
}

/** Who orders, and where it goes. */
export function GuestForm({ mistakes, form }: GuestFormProps) {
  const { guest } = draft.value;
  const own = onlyCustomer('POST /orders');
  const edit = (fields: Partial<Guest>) => change({ guest: { ...draft.value.guest, ...fields } });
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus(), [mistakes]);

  return (
    <form id={FORM} ref={form} class="stack" noValidate onSubmit={(event) => event.preventDefault()}>
      {own === undefined ? (
        <Field label="Customer" hint="Your customer number, or a name to call out." error={mistakes.customerId}>
          <input
            value={guest.customerId}
            maxLength={200}
            autocomplete="username"
            onInput={({ currentTarget }) => edit({ customerId: currentTarget.value })}
          />
        </Field>
      ) : (
        <p>
          Ordering as <strong>{own}</strong>
        </p>
      )}
      <Field label="Email" hint="May be left empty." error={mistakes.email}>
        <input
          type="email"
          value={guest.email}
          maxLength={200}
          autocomplete="email"
          onInput={({ currentTarget }) => edit({ email: currentTarget.value })}
        />
      </Field>
      <fieldset class="choice">
        <legend>How do you get it?</legend>
        <Choice label="Delivery" isChosen={guest.isDelivered} onChoose={() => edit({ isDelivered: true })} />
        <Choice label="Pick-up" isChosen={!guest.isDelivered} onChoose={() => edit({ isDelivered: false })} />
      </fieldset>
      {guest.isDelivered && (
        <AddressFields address={guest.address} mistakes={mistakes} onChange={(address) => edit({ address })} />
      )}
    </form>
  );
}

interface CheckoutProps {
  readonly placing: ReturnType<typeof usePlacing>;
  readonly onPlace: () => Promise<void>;
}

/** What it costs, and the button that orders it. */
export function Checkout({ placing: { isPlacing, problem }, onPlace }: CheckoutProps) {
  const { lines, sent } = draft.value;
  const total = money(fromMinor(totalMinor(lines)));
  const isUnanswered = !isPlacing && sent.length > 0;
  return (
    <div class="checkout stack">
      <p class="total">
        <span>Total</span> <strong>{total}</strong>
      </p>
      {isUnanswered && (
        <Notice kind="offline" title="Your order was not answered">
          Nobody knows whether it has arrived. Place it again: it is made once, however often you press.
        </Notice>
      )}
      {problem && !isUnanswered && <ProblemNotice problem={problem} />}
      <Button kind="main" type="submit" form={FORM} class="place-order" onPress={onPlace}>
        {isPlacing ? 'Placing the order …' : `Place the order for ${total}`}
      </Button>
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Choice({ label, isChosen, onChoose }: ChoiceProps) {
  return (
    <label>
      <input type="radio" name="delivery" checked={isChosen} onChange={onChoose} />
      {label}
    </label>
  );
}

/** Said when an attempt whose answer was lost turns out to have arrived, and the basket was changed since. */
export function EarlierOrder({ orderId }: { readonly orderId: string }) {
  return (
    <Notice
      kind="warning"
      title="Your order had arrived the first time"
      action={{ label: 'See that order', href: href(`/orders/${orderId}`) }}
    >
      You changed the basket since. What is in it now is not ordered.
    </Notice>
  );
}
