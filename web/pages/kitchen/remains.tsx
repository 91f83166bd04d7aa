import { now } from '../../app/clock.ts';
import { Button } from '../../ui/button.tsx';
import { statusWords } from '../../ui/status.tsx';
import { type Card, NEXT } from './board.ts';
import type { Trace } from './layout.ts';
import { ConflictWords, NoteLine } from './note-line.tsx';
import { RECALL_IN_PLACE_MS, type Screen } from './screen.ts';
import { TicketBody } from './ticket.tsx';

/** What is left where an order was bumped: the way back, or who was first. */
export function TraceLine({ trace, number, screen }: { trace: Trace; number: string; screen: Screen }) {
  const { card, column, at, conflict } = trace;
  const seconds = Math.ceil(Math.min(RECALL_IN_PLACE_MS, at + RECALL_IN_PLACE_MS - now.value) / 1000);
  return (
    <div class="trace">
      <p>
        <strong>{number}</strong>{' '}
        {conflict ? <ConflictWords conflict={conflict} /> : statusWords(NEXT[column]).toLowerCase()}
      </p>
      {!conflict && (
        <Button class="recall" data-select onPress={() => screen.recall(card.id)}>
          Recall
          <span class="visually-hidden"> order {number}</span>
          <small aria-hidden="true">{seconds} s</small>
        </Button>
      )}
      <NoteLine note={screen.notes.value.get(card.id)} />
    </div>
  );
}

/** An order that was cancelled: nobody is to go on making it, and nobody is to miss that. */
export function CancelledTicket({ card, number, screen }: { card: Card; number: string; screen: Screen }) {
  return (
    <article class="ticket cancelled" aria-labelledby={`order-${card.id}`}>
      <header class="ticket-head">
        <h3 id={`order-${card.id}`}>
          <span class="visually-hidden">Order </span>
          <s>{number}</s>
        </h3>
        <span class="age">
          <span aria-hidden="true" class="shape">
            ✕
          </span>
          <strong>cancelled</strong>
        </span>
      </header>
      <TicketBody card={card} />
      <div class="ticket-actions">
        <Button class="bump" data-select onPress={() => screen.acknowledge(card.id)}>
          Seen
          <span class="visually-hidden">: order {number} is cancelled</span>
        </Button>
      </div>
    </article>
  );
}
