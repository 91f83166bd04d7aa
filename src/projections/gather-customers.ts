import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { Gatherer } from './gather.ts';
import { type CustomerTarget, projectCustomers } from './project-customers.ts';

const MOST_EVENTS = 500;

/** Keeps customers' events, which are few, and projects them together. */
export function gatherCustomers(target: CustomerTarget): Gatherer {
  let events: AllStreamRecordedEvent[] = [];
  return {
    add: (event) => void events.push(event),
    isFull: () => events.length >= MOST_EVENTS,
    async write() {
      const gathered = events;
      events = [];
      const outcomes = await projectCustomers(target, gathered);
      return gathered.filter(({ revision }, at) => revision === 0n && outcomes[at]?.type === 'done').length;
    },
  };
}
