import { announce } from '../../../ui/announcer.tsx';
import type { Screen } from '../screen.ts';

const TYPING = 'input, select, textarea, dialog';

/** The keys of a bump bar: 1 to 9, Enter, arrows, Z. @returns takes key presses */
export function createKeys(screen: Screen): (event: KeyboardEvent) => void {
  return (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') || (target instanceof Element && target.closest(TYPING))) return;
    if (/^[1-9]$/.test(key)) screen.bumpNth(Number(key));
    // A button that has the focus is pressed by the browser.
    else if (key === 'Enter' && isNothingSelected()) screen.bumpNth(1);
    else if (key.toLowerCase() === 'z') {
      if (!screen.recallLast()) announce('There is nothing to take back.');
    } else if (key.startsWith('Arrow') && select(key)) event.preventDefault();
  };
}

function isNothingSelected(): boolean {
  const { activeElement } = document;
  return activeElement === document.body || activeElement?.id === 'page';
}

/** Moves the focus to the next order's button. @returns whether there is one */
function select(arrow: string): boolean {
  const lanes = [...document.querySelectorAll('[data-lane]')]
    .map((lane) => [...lane.querySelectorAll<HTMLElement>('[data-select]')])
    .filter((buttons) => buttons.length > 0);
  const x = lanes.findIndex((buttons) => buttons.includes(document.activeElement as HTMLElement));
  const y = lanes[x]?.indexOf(document.activeElement as HTMLElement) ?? 0;
  const lane = x < 0 ? lanes[0] : lanes[x + (arrow === 'ArrowRight' ? 1 : arrow === 'ArrowLeft' ? -1 : 0)];
  const row = x < 0 ? 0 : y + (arrow === 'ArrowDown' ? 1 : arrow === 'ArrowUp' ? -1 : 0);
  const next = lane?.[Math.min(row, lane.length - 1)];
  next?.focus();
  return next !== undefined;
}
