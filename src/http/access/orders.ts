import type { FastifyRequest } from 'fastify';
import { covers, mayActIn, mayChangeTo, type Permit, type Sight, sightOf } from '../../access/permit.ts';
import { rolesIn } from '../../access/rules.ts';
import type { Rights } from '../../commands/idempotency.ts';
import type { OrderStatus } from '../../domain/events.ts';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';

/** Whose an order is, and how far it has come now, whichever of its states is shown. */
interface Present {
  readonly customerId: string;
  readonly status: OrderStatus;
}

/** Where personal data are, in an order and in the data of its events. */
const ADDRESSES = ['deliveryAddress', 'oldAddress', 'newAddress'];
const EMAILS = ['customerEmail'];
const STAFF = ['confirmedBy'];
const SOMEBODY = 'staff';

/** What shapes an order for the caller, wherever it is shown. */
export interface Shape {
  order<Order extends { deliveryAddress: object | null; customerEmail?: string }>(order: Order): Order;
  event<Item extends { readonly details: Readonly<Record<string, unknown>>; readonly actor: string }>(item: Item): Item;
}

export const AS_IT_IS: Shape = { order: (order) => order, event: (item) => item };

/** How the caller may see an order. */
export function shapeFor({ permit }: FastifyRequest, { customerId, status }: Present): Shape {
  if (!permit) return AS_IT_IS;
  const sight = sightOf(permit, customerId, status);
  const { email, address, staff } = sight;
  if (email && address && staff) return AS_IT_IS;
  return {
    order: (order) => ({
      ...order,
      ...(!address && { deliveryAddress: null }),
      ...(!email && order.customerEmail !== undefined && { customerEmail: '' }),
    }),
    event: (item) => ({
      ...item,
      details: shapedDetails(item.details, sight, permit),
      actor: shapedActor(item.actor, sight, permit),
    }),
  };
}

function shapedDetails(details: Readonly<Record<string, unknown>>, { address, email, staff }: Sight, permit: Permit) {
  const hidden = [...(address ? [] : ADDRESSES), ...(email ? [] : EMAILS)];
  return Object.fromEntries(
    Object.entries(details)
      .filter(([name]) => !hidden.includes(name))
      .map(([name, value]) => [
        name,
        STAFF.includes(name) && typeof value === 'string'
          ? shapedActor(value, { address, email, staff }, permit)
          : value,
      ]),
  );
}

function shapedActor(actor: string, { staff }: Sight, { identity }: Permit): string {
  return staff || actor === identity.id ? actor : SOMEBODY;
}

/** A document, if the caller may know of it. */
export function known<Document extends { readonly customerId: string }>(
  request: FastifyRequest,
  document: Document | undefined,
): Document | undefined {
  const { permit } = request;
  if (!permit || !document || covers(permit, document.customerId)) return document;
  request.server.refused(request, 'not-own');
  return undefined;
}

/** What a command needs to know about the caller's right to the order that it finds. */
export function rightsOf(request: FastifyRequest, permit: Permit): Rights {
  return {
    covers: (customerId) => {
      if (covers(permit, customerId)) return true;
      request.server.refused(request, 'not-own');
      return false;
    },
    refusal: ({ customerId, status }) => {
      if (mayActIn(permit, customerId, status)) return undefined;
      const roles = rolesIn(permit.rule, (grant) => grant.while?.includes(status) ?? true);
      return forbidden(request, 'status', `In status ${status}, this takes one of the roles ${roles}.`);
    },
  };
}

/** @throws ProblemError 403 when the caller may act for its own customer only, and that is another one */
export function requireOwn(request: FastifyRequest, customerId: string): void {
  const { permit } = request;
  if (!permit || covers(permit, customerId)) return;
  const roles = rolesIn(permit.rule, (grant) => !grant.own);
  throw forbidden(request, 'not-own', `For another customer, this takes one of the roles ${roles}.`);
}

/**
 * The customer to whose orders a list is restricted.
 *
 * @param customerId the one that is asked for
 * @throws ProblemError 403 when that is not the caller's own, and the caller may see no other
 */
export function listedCustomer(request: FastifyRequest, customerId: string | undefined): string | undefined {
  const { permit } = request;
  if (!permit?.isOwnOnly) return customerId;
  const own = customerId ?? permit.identity.customerId;
  if (own === undefined) throw forbidden(request, 'not-own', 'The token does not say which customer asks.');
  requireOwn(request, own);
  return own;
}

/** @throws ProblemError 403 when the caller may not give an order this status */
export function requireStatus(request: FastifyRequest, status: OrderStatus): void {
  const { permit } = request;
  if (!permit || mayChangeTo(permit, status)) return;
  const roles = rolesIn(permit.rule, (grant) => grant.to?.includes(status) ?? true);
  throw forbidden(request, 'status', `To change to ${status} takes one of the roles ${roles}.`);
}

function forbidden(request: FastifyRequest, reason: 'not-own' | 'status', detail: string): ProblemError {
  request.server.refused(request, reason);
  return new ProblemError(problem('forbidden', detail));
}
