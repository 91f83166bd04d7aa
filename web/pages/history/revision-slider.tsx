import { Button } from '../../ui/button.tsx';
import { dateTime } from '../../ui/format.ts';
import { eventInWords } from './revisions.ts';
import type { TimelineItem } from './use-history.ts';

interface RevisionSliderProps {
  readonly events: readonly TimelineItem[];
  readonly revision: number;
  /** Whether what is shown below is still that of another revision. */
  readonly isLoading: boolean;
  readonly onChoose: (revision: number) => void;
}

/** Goes through the revisions of an order: by dragging, by keys, or step by step. */
export function RevisionSlider({ events, revision, isLoading, onChoose }: RevisionSliderProps) {
  const last = events.length - 1;
  const event = events[revision];
  const words = event ? `${eventInWords(event.eventType)}, ${dateTime(event.timestamp, { seconds: true })}` : '';
  const step = (name: string, to: number) => (
    <Button aria-disabled={to === revision || to < 0 || to > last} onPress={() => onChoose(to)}>
      {name}
    </Button>
  );
  return (
    <section class="card revision-slider" aria-label="Revisions">
      <div class="revision-line">
        <label for="revision">
          <strong>Revision {revision}</strong> of {last}
        </label>
        <span class="revision-words">{words}</span>
        <span class="revision-loading">{isLoading && 'loading …'}</span>
      </div>
      <input
        id="revision"
        type="range"
        min={0}
        max={last}
        step={1}
        value={revision}
        aria-valuetext={`${revision} of ${last}: ${words}`}
        onInput={({ currentTarget }) => onChoose(Number(currentTarget.value))}
      />
      <div class="row revision-steps">
        {step('Previous', revision - 1)}
        {step('Next', revision + 1)}
        {step('Newest', last)}
      </div>
    </section>
  );
}
