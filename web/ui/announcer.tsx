import { signal } from '@preact/signals';

const said = signal('');

/** Has screen readers say something that is seen elsewhere on the page (WCAG 4.1.3); the same again is said again. */
export function announce(text: string): void {
  said.value = said.value === text ? `${text}\u00a0` : text;
}

export function Announcer() {
  return (
    <div class="visually-hidden" aria-live="polite" role="status" data-announcer>
      {said.value}
    </div>
  );
}
