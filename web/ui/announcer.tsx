import { signal } from '@preact/signals';

/** As long as it may take a screen reader to come to it. */
const KEPT_MS = 10_000;

let count = 0;
const said = signal<readonly { readonly id: number; readonly text: string }[]>([]);

/** Has screen readers say something that is seen elsewhere on the page (WCAG 4.1.3), after what was said just before. */
export function announce(text: string): void {
  const id = (count += 1);
  said.value = [...said.value, { id, text }];
  setTimeout(() => (said.value = said.value.filter((words) => words.id !== id)), KEPT_MS);
}

export function Announcer() {
  return (
    <div class="visually-hidden" aria-live="polite" aria-atomic="false" role="status" data-announcer>
      {said.value.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
