import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { OrderAtRevision } from '../../commands/order-commands.ts';
import { PlainOrder } from '../schemas/orders.ts';
import { plainOrderJson } from '../routes/order-json.ts';

/** An order as a viewer is shown it. */
export type Card = Partial<Static<typeof PlainOrder>>;

/** Somebody who watches orders: the only place that knows what they may see. */
export interface Viewer {
  /** Whose streams are counted together; undefined for a caller who does not say who it is. */
  readonly caller: string | undefined;
  /** Viewers of one kind are shown the same. */
  readonly kind: string;
  /** When the viewer's right to watch ends, in milliseconds since 1970; undefined: never. */
  readonly until: number | undefined;
  /** Whether a customer's order is there for the viewer; undefined: nobody knows whose it is. */
  maySee(customerId: string | undefined): boolean;
  card(order: OrderAtRevision): Card;
  /** Who changed an order. */
  actor(actor: string, order: OrderAtRevision): string;
}

/** Whoever asks may see everything. */
export function viewerOf({ headers }: Pick<FastifyRequest, 'headers'>): Viewer {
  const actor = headers['x-actor'];
  return {
    caller: typeof actor === 'string' ? actor : undefined,
    kind: 'all',
    until: undefined,
    maySee: () => true,
    card: wholeCard,
    actor: (name) => name,
  };
}

const FIELDS = Object.keys(PlainOrder.properties) as (keyof Card)[];

function wholeCard(order: OrderAtRevision): Card {
  const json = plainOrderJson(order);
  return Object.fromEntries(FIELDS.map((field) => [field, json[field]]));
}
