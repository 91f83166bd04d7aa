import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { covers } from '../../access/permit.ts';
import type { OrderAtRevision } from '../../commands/order-commands.ts';
import { shapeFor } from '../access/orders.ts';
import type { PlainOrder } from '../schemas/orders.ts';
import { plainOrderJson } from '../routes/order-json.ts';

/** An order as a viewer is shown it. */
export type Card = Partial<Static<typeof PlainOrder>>;

/** Somebody who watches orders: the only place that knows what they may see. */
export interface Viewer {
  /** Whose streams are counted together; undefined for a caller who does not say who it is. */
  readonly caller: string | undefined;
  /** Viewers of one kind are shown the same; undefined: nobody else is shown what this one is. */
  readonly kind: string | undefined;
  /** When the viewer's right to watch ends, in milliseconds since 1970; undefined: never. */
  readonly until: number | undefined;
  /** Whether a customer's order is there for the viewer; undefined: nobody knows whose it is. */
  maySee(customerId: string | undefined): boolean;
  card(order: OrderAtRevision): Card;
  /** Who changed an order. */
  actor(actor: string, order: OrderAtRevision): string;
}

/** What the caller may see: everything where nobody is asked who it is. */
export function viewerOf(request: FastifyRequest): Viewer {
  const { permit, headers } = request;
  if (!permit) {
    const actor = headers['x-actor'];
    return {
      caller: typeof actor === 'string' ? actor : undefined,
      kind: 'all',
      until: undefined,
      maySee: () => true,
      card: plainOrderJson,
      actor: (name) => name,
    };
  }
  const { identity, grants } = permit;
  return {
    caller: identity.id,
    kind: grants.some(({ grant }) => grant.own) ? undefined : grants.map(({ role }) => role).join(' '),
    until: identity.expiresAt,
    maySee(customerId) {
      if (covers(permit, customerId)) return true;
      request.server.refused(request, 'not-own');
      return false;
    },
    card: (order) => shapeFor(request, order.state).order(plainOrderJson(order)),
    actor: (actor, { state }) => shapeFor(request, state).event({ details: {}, actor }).actor,
  };
}
