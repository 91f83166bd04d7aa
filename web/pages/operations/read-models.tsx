import { Notice } from '../../ui/notice.tsx';
import { ReadModelCard } from './read-model-card.tsx';
import type { OperationsState } from './state.ts';

/** Each read model: how it does, and what can be done with it. */
export function ReadModels({ state: { items, isTold, checks } }: { readonly state: OperationsState }) {
  return (
    <section class="stack" aria-labelledby="read-models">
      <div>
        <h2 id="read-models">Read models</h2>
        <small>Made of the log, which is the only truth: each can be thrown away and built anew.</small>
      </div>
      {items && !isTold && (
        <Notice kind="warning">A store is away. This is what was known before, and it comes again by itself.</Notice>
      )}
      {!items &&
        (checks ? (
          <Notice kind="warning">A store is away, so that this is not known. It comes by itself.</Notice>
        ) : (
          <div class="card reserved" aria-hidden="true" />
        ))}
      <ul role="list" class="read-models">
        {items?.map((item) => (
          <ReadModelCard key={item.name} item={item} />
        ))}
      </ul>
    </section>
  );
}
