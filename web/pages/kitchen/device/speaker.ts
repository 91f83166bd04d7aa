import { announce } from '../../../ui/announcer.tsx';
import { type Happened, type News, NOTHING_HAPPENED, spoken } from '../words.ts';

const EVERY_MS = 5000;

/** Tells screen readers what has happened, in one sentence at most every five seconds. */
export function createSpeaker() {
  let happened: Happened = NOTHING_HAPPENED;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let spokeAt = Number.NEGATIVE_INFINITY;

  const speak = () => {
    timer = undefined;
    spokeAt = performance.now();
    announce(spoken(happened));
    happened = NOTHING_HAPPENED;
  };
  return {
    tell({ added = [], late = [], cancelled = [] }: Partial<News>): void {
      if (added.length + late.length + cancelled.length === 0) return;
      happened = {
        added: happened.added + added.length,
        late: [...happened.late, ...late],
        cancelled: [...happened.cancelled, ...cancelled],
      };
      timer ??= setTimeout(speak, Math.max(0, spokeAt + EVERY_MS - performance.now()));
    },
    end: () => clearTimeout(timer),
  };
}
