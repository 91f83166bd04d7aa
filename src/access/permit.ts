import type { OrderStatus } from '../domain/events.ts';
import type { Grant, Role, Rule } from './rules.ts';

/** Who asks, as a verified token or session says. */
export interface Identity {
  /** The token's `sub`. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** Whose orders are the caller's own; undefined when the token names no customer. */
  readonly customerId: string | undefined;
  /** When the token ends, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What a caller may do with the route that it asks for. */
export interface Permit {
  readonly identity: Identity;
  readonly rule: Rule;
  /** The roles of the caller that the rule names. */
  readonly grants: readonly Granted[];
  /** Whether all of them are for the caller's own customer only. */
  readonly isOwnOnly: boolean;
}

interface Granted {
  readonly role: Role;
  readonly grant: Grant;
}

/** @returns undefined when none of the caller's roles may use the route */
export function permitOf(rule: Rule, identity: Identity): Permit | undefined {
  if (typeof rule === 'string') return { identity, rule, grants: [], isOwnOnly: false };
  const grants: Granted[] = [];
  for (const role of identity.roles) {
    const grant = rule[role];
    if (grant) grants.push({ role, grant });
  }
  if (grants.length === 0) return undefined;
  return { identity, rule, grants, isOwnOnly: grants.every(({ grant }) => grant.own) };
}

/** Whether the caller may know of what belongs to a customer. */
export function covers(permit: Permit, customerId: string | undefined): boolean {
  return !permit.isOwnOnly || isOwn(permit.identity, customerId);
}

/** Whether the caller may act on a customer's order in this status. */
export function mayActIn(permit: Permit, customerId: string, status: OrderStatus): boolean {
  return grantsFor(permit, customerId).some(({ grant }) => grant.while?.includes(status) ?? true);
}

/** Whether the caller may give an order this status. */
export function mayChangeTo({ grants }: Permit, status: OrderStatus): boolean {
  return grants.some(({ grant }) => grant.to?.includes(status) ?? true);
}

/** What the caller may see of an order: whatever one of its roles may. */
export function sightOf(permit: Permit, customerId: string, status: OrderStatus): Sight {
  const sights = grantsFor(permit, customerId).map(({ role }) => sees[role](status));
  return {
    email: sights.some(({ email }) => email),
    address: sights.some(({ address }) => address),
    staff: sights.some(({ staff }) => staff),
  };
}

function grantsFor({ identity, grants, isOwnOnly }: Permit, customerId: string): readonly Granted[] {
  return isOwn(identity, customerId) ? grants : isOwnOnly ? [] : grants.filter(({ grant }) => !grant.own);
}

function isOwn(identity: Identity, customerId: string | undefined): boolean {
  return customerId !== undefined && customerId === identity.customerId;
}

/** The personal data in an order that not everybody who may read the order sees. */
export interface Sight {
  readonly email: boolean;
  readonly address: boolean;
  /** Who of the staff did something. */
  readonly staff: boolean;
}

const everything: Sight = { email: true, address: true, staff: true };
const ON_ITS_WAY: readonly OrderStatus[] = ['READY', 'OUT_FOR_DELIVERY', 'DELIVERED'];

/** By role: what it sees of an order in a status. */
const sees: Readonly<Record<Role, (status: OrderStatus) => Sight>> = {
  customer: () => ({ email: true, address: true, staff: false }),
  kitchen: () => ({ email: false, address: false, staff: true }),
  driver: (status) => ({ email: false, address: ON_ITS_WAY.includes(status), staff: true }),
  manager: () => everything,
  admin: () => ({ email: false, address: false, staff: true }),
  service: () => everything,
};
