import { computed, signal } from '@preact/signals';
import { ROOT } from '../api/root.ts';
import { type Role, settings } from './settings.ts';

/** Who is logged in. */
export interface Person {
  readonly id: string;
  readonly roles: readonly Role[];
  readonly customerId: string | null;
}

/** Undefined while it is not known, null when nobody is logged in or the session has ended. */
export const person = signal<Person | null | undefined>(undefined);

/** Whether whoever looks at the page may use the service: logged in, or nobody is asked. */
export const isIn = computed(() => settings().access === 'open' || Boolean(person.value));

/** Asks who is logged in. Throws TypeError when the service cannot be reached. */
export async function loadPerson(): Promise<void> {
  if (settings().access === 'open') return;
  const response = await fetch(new URL('auth/me', ROOT));
  if (response.status === 401) signedOut();
  else if (response.ok) person.value = (await response.json()) as Person;
  else throw new TypeError(`the service answered ${response.status}`);
}

export function signedOut(): void {
  person.value = null;
}

/** Leads to the login, and back to the page that is shown. */
export function loginUrl(): string {
  const { pathname, search } = globalThis.location;
  const url = new URL('auth/login', ROOT);
  url.searchParams.set('returnTo', pathname + search);
  return url.href;
}

/** @throws TypeError when the service cannot be reached: the session goes on */
export async function logOut(): Promise<void> {
  const response = await fetch(new URL('auth/logout', ROOT), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok && response.status !== 401) throw new TypeError(`the service answered ${response.status}`);
  signedOut();
}

/**
 * Whether whoever looks at the page may use a route at all, as the service's own rules say. What isn't allowed isn't
 * shown; the service checks each request all the same.
 *
 * @param route as the rules have it, such as `POST /orders/:orderId/status`
 * @param to the status that an order would be given
 * @param status the one that it has
 */
export function may(route: string, to?: string, status?: string): boolean {
  if (settings().access === 'open') return true;
  const rule = settings().rules[route];
  if (rule === undefined || typeof rule === 'string') return rule === 'anyone' || (rule !== undefined && isIn.value);
  return (person.value?.roles ?? []).some((role) => {
    const grant = rule[role];
    if (grant === undefined) return false;
    return (
      (to === undefined || (grant.to?.includes(to) ?? true)) &&
      (status === undefined || (grant.while?.includes(status) ?? true))
    );
  });
}

/** Whether of what a route shows, whoever looks at the page sees only what belongs to their own customer. */
export function seesOnlyOwn(route: string): boolean {
  const rule = settings().rules[route];
  if (settings().access === 'open' || rule === undefined || typeof rule === 'string') return false;
  const grants = (person.value?.roles ?? []).flatMap((role) => rule[role] ?? []);
  return grants.length > 0 && grants.every(({ own }) => own);
}

/** The customer for whom alone whoever looks at the page may use a route; undefined: for any. */
export function onlyCustomer(route: string): string | undefined {
  return seesOnlyOwn(route) ? (person.value?.customerId ?? undefined) : undefined;
}
