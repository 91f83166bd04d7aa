import type { EventTypeName } from './event-schemas.ts';

export type EventData = Readonly<Record<string, unknown>>;

/** Lifts the data of version n to version n + 1. */
export interface Upcaster {
  readonly description: string;
  /** Pure. */
  readonly lift: (data: EventData) => EventData;
}

/** What an event of before `customerEmail` existed says for it; no read model takes it for an address. */
export const UNKNOWN_EMAIL = 'unknown@example.com';

/** By event type, the upcasters from version 1 on: the one at index n − 1 leads from version n to n + 1. */
export const upcasters: Readonly<Partial<Record<EventTypeName, readonly Upcaster[]>>> = {
  PizzaOrderPlaced: [
    {
      description: `adds customerEmail, "${UNKNOWN_EMAIL}" where none was recorded`,
      lift: (data) => ({ customerEmail: UNKNOWN_EMAIL, ...data }),
    },
  ],
};
