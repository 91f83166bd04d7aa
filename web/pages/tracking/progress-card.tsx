import type { Ref } from 'preact';
import { now } from '../../app/clock.ts';
import { dateTime, day, duration, timeOfDay } from '../../ui/format.ts';
import type { Order } from './order-topic.ts';
import { progressOf, type Step } from './progress.ts';

interface ProgressCardProps {
  readonly order: Order;
  readonly isPickedUp: boolean;
  readonly headlineRef: Ref<HTMLHeadingElement>;
}

/** How far the order has come, and when it is to be there. */
export function ProgressCard({ order, isPickedUp, headlineRef }: ProgressCardProps) {
  const { headline, detail, steps } = progressOf(order.status, isPickedUp);
  return (
    <section class={`card progress ${order.status === 'CANCELLED' ? 'cancelled' : ''}`} aria-labelledby="progress">
      <div class="progress-words">
        <div>
          <h2 id="progress" ref={headlineRef} tabIndex={-1}>
            {headline}
          </h2>
          <p>{detail}</p>
        </div>
        <Promised order={order} />
      </div>
      {steps.length > 0 && (
        <ol role="list" class="steps">
          {steps.map((step) => (
            <StepMark key={step.label} step={step} />
          ))}
        </ol>
      )}
    </section>
  );
}

const STATES: Readonly<Record<Step['state'], string>> = { done: 'done', current: 'now', todo: 'still to come' };

function StepMark({ step: { label, state } }: { readonly step: Step }) {
  return (
    <li class={state} {...(state === 'current' && { 'aria-current': 'step' })}>
      <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r="10.5" />
        {state === 'done' && <path d="M7 12.5l3.5 3.5L17 9" />}
        {state === 'current' && <circle class="dot" cx="12" cy="12" r="5" />}
      </svg>
      <span>
        {label}
        <span class="visually-hidden">, {STATES[state]}</span>
      </span>
    </li>
  );
}

function Promised({ order: { status, estimatedDelivery } }: { readonly order: Order }) {
  if (status === 'DELIVERED' || status === 'CANCELLED') return null;
  if (estimatedDelivery === null) return <p class="promised">The kitchen will tell you a time.</p>;
  const left = Date.parse(estimatedDelivery) - now.value;
  const isToday = day(estimatedDelivery) === day(now.value);
  return (
    <p class="promised">
      Promised for
      <strong>{isToday ? timeOfDay(estimatedDelivery) : dateTime(estimatedDelivery)}</strong>
      {left >= 60_000 ? `in about ${duration(left)}` : left >= -60_000 ? 'any minute now' : 'a little late, sorry'}
    </p>
  );
}
