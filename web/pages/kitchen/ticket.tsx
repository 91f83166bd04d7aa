import { now } from '../../app/clock.ts';
import { Button } from '../../ui/button.tsx';
import { duration, timeOfDay } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status.tsx';
import { ageOf, type Card, type Column, mayBump } from './board.ts';
import { NoteLine } from './note-line.tsx';
import type { Screen } from './screen.ts';

/** What the button of an order in a column says. */
const BUMP: Readonly<Record<Column, string>> = {
  PENDING: 'Confirm',
  CONFIRMED: 'Start',
  COOKING: 'Ready',
  READY: 'On its way',
  OUT_FOR_DELIVERY: 'Delivered',
};
const SHAPES = { fresh: '●', slow: '▲', late: '◆' };
const PROMISE_STEP = 5;

interface TicketProps {
  readonly card: Card;
  readonly number: string;
  readonly hotkey: number | undefined;
  readonly screen: Screen;
}

/** An order that is being made. */
export function Ticket({ card, number, hotkey, screen }: TicketProps) {
  const note = screen.notes.value.get(card.id);
  const column = card.status as Column;
  return (
    <article class="ticket" aria-labelledby={`order-${card.id}`}>
      <TicketHead card={card} number={number} screen={screen} />
      <TicketBody card={card} />
      {mayBump(column, screen.rights.value) && (
        <div class="ticket-actions">
          {column === 'PENDING' && <PromiseIn id={card.id} number={number} screen={screen} />}
          <Button kind="main" class="bump" data-select data-bump onPress={() => screen.bump(card)}>
            {hotkey !== undefined && <kbd aria-hidden="true">{hotkey}</kbd>}
            {BUMP[column]}
            <span class="visually-hidden"> order {number}</span>
          </Button>
        </div>
      )}
      <NoteLine note={note} />
    </article>
  );
}

/** Number and age; the only part that changes by itself. */
function TicketHead({ card, number, screen }: Omit<TicketProps, 'hotkey'>) {
  const { stage, ms, lateMinutes } = ageOf(card, now.value, screen.options.value);
  return (
    <header class={`ticket-head ${stage}`}>
      <h3 id={`order-${card.id}`}>
        <span class="visually-hidden">Order </span>
        {number}
      </h3>
      <span class="age">
        <span aria-hidden="true" class="shape">
          {SHAPES[stage]}
        </span>
        {duration(ms)}
        {stage === 'slow' && <strong>slow</strong>}
        {stage === 'late' && <strong>{lateMinutes > 0 ? `late ${duration(lateMinutes * 60_000)}` : 'late'}</strong>}
      </span>
    </header>
  );
}

/** What is to be made, until when, and where to. */
export function TicketBody({ card }: { readonly card: Card }) {
  const { items, kitchenNotes, estimatedDelivery, deliveryAddress, paymentStatus, status } = card;
  const isLeaving = status === 'READY' || status === 'OUT_FOR_DELIVERY';
  return (
    <div class="ticket-body">
      {(estimatedDelivery !== null || paymentStatus === 'UNPAID') && (
        <p class="ticket-facts">
          {estimatedDelivery !== null && <span>Promised for {timeOfDay(estimatedDelivery)}</span>}
          {paymentStatus === 'UNPAID' && <StatusBadge status={paymentStatus} />}
        </p>
      )}
      <ul role="list" class="ticket-items">
        {items.map(({ name, quantity }, index) => (
          <li key={index}>
            <span class="quantity">{quantity} ×</span> <span>{name}</span>
          </li>
        ))}
      </ul>
      {kitchenNotes !== null && <p class="ticket-notes">{kitchenNotes}</p>}
      {isLeaving && deliveryAddress && (
        <p class="ticket-address">
          {deliveryAddress.street}, {deliveryAddress.postalCode} {deliveryAddress.city}
          {deliveryAddress.notes !== undefined && <span class="ticket-notes">{deliveryAddress.notes}</span>}
        </p>
      )}
    </div>
  );
}

interface PromiseProps {
  readonly id: string;
  readonly number: string;
  readonly screen: Screen;
}

/** For when an order is promised, unless the cook says otherwise. */
function PromiseIn({ id, number, screen }: PromiseProps) {
  const minutes = screen.minutesFor(id);
  return (
    <div class="promise" role="group" aria-label={`Promise order ${number} in`}>
      <Button onPress={() => screen.promiseIn(id, minutes - PROMISE_STEP)} aria-label={`${PROMISE_STEP} minutes less`}>
        −
      </Button>
      <output>
        {minutes} min
        <small>{timeOfDay(now.value + minutes * 60_000)}</small>
      </output>
      <Button onPress={() => screen.promiseIn(id, minutes + PROMISE_STEP)} aria-label={`${PROMISE_STEP} minutes more`}>
        +
      </Button>
    </div>
  );
}
