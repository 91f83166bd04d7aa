import type { AllStreamRecordedEvent } from '@eventstore/db-client';
import type { Gatherer } from '../rebuild/gather.ts';
import { beginsCustomer, type CustomerTarget, projectCustomers } from './project.ts';

const MOST_EVENTS = 500;

/** Keeps customers' events, which are few, and projects them together. */
export function gatherCustomers(target: CustomerTarget): Gatherer {
  let events: AllStreamRecordedEvent[] = [];
  let begun = 0;
  return {
    add(event) {
      events.push(event);
      if (beginsCustomer(event)) begun += 1;
    },
    isFull: () => events.length >= MOST_EVENTS,
    begun: () => begun,
    async write() {
      const gathered = events;
      events = [];
      await projectCustomers(target, gathered);
      return undefined;
    },
  };
}
