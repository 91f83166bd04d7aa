import { computed, signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { ROOT } from '../api/root.ts';

const APP = new URL('app/', ROOT);
const current = signal(globalThis.location.href);

globalThis.addEventListener('popstate', () => (current.value = globalThis.location.href));

/** The page's address below `/app`, such as `/orders/6f…/history`. */
export const path = computed(() => '/' + decodeURI(new URL(current.value).pathname.slice(APP.pathname.length)));

/** What the address has after its `?`. */
export const query = computed(() => new URL(current.value).searchParams);

/** The full address of a page. @param to path below `/app`, with or without a query */
export function href(to: string): string {
  return new URL(to.replace(/^\//, ''), APP).href;
}

/** Shows another page. */
export function navigate(to: string, { replace = false } = {}): void {
  const url = href(to);
  if (url === current.value) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  current.value = url;
}

/** Changes the query of the address; undefined takes a field out. Not a step for the browser's Back button. */
export function setQuery(fields: Readonly<Record<string, string | undefined>>): void {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  navigate(path.value + (text && `?${text}`), { replace: true });
}

/** The parts of the address that a pattern such as `/orders/:orderId` names; undefined when it is another page. */
export function match(pattern: string, address: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split('/'), address.replace(/(?<=.)\/$/, '').split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':') && value !== '') params[part.slice(1)] = value;
    else if (part !== value) return undefined;
  }
  return params;
}

interface LinkProps {
  readonly to: string;
  readonly class?: string;
  readonly 'aria-current'?: 'page' | undefined;
  readonly children: ComponentChildren;
}

/** A link to another page of these; a click with a modifier opens a window, as always. */
export function Link({ to, children, ...attributes }: LinkProps) {
  return (
    <a
      {...attributes}
      href={href(to)}
      onClick={(event: MouseEvent) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
