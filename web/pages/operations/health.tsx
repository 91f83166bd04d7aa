import { count } from '../../ui/format.ts';
import { Fact } from './fact.tsx';
import type { OperationsState } from './state.ts';

const FOLLOWER: Readonly<Record<string, string>> = {
  starting: 'is starting',
  consuming: 'follows the log',
  waiting: 'waits for a store',
  stopped: 'has stopped',
};

/** The stores, and whether the log is followed. */
export function Health({ state: { checks, items } }: { readonly state: OperationsState }) {
  const first = items?.[0];
  return (
    <section class="card stack" aria-labelledby="health">
      <h2 id="health">Stores</h2>
      <dl class="facts">
        <Fact label="Event store" normal="it answers" isNormal={checks?.eventStore !== 'down'}>
          {checks ? (checks.eventStore === 'up' ? 'answers' : 'away: nothing can be ordered or changed') : '–'}
        </Fact>
        <Fact label="Read models’ store" normal="it answers" isNormal={checks?.readModels !== 'down'}>
          {checks ? (checks.readModels === 'up' ? 'answers' : 'away: lists, boards and figures are not shown') : '–'}
        </Fact>
        <Fact
          label="Projection"
          normal="it follows the log"
          isNormal={checks === undefined || checks.projection === 'consuming'}
        >
          {checks ? (FOLLOWER[checks.projection] ?? checks.projection) : '–'}
        </Fact>
        <Fact label="Events in hand" normal="0 when no orders come in, else some" isNormal>
          {first ? count(first.inFlight) : '–'}
        </Fact>
        <Fact label="Delivered again" normal="few; more after a store was away" isNormal>
          {first ? count(first.retried ?? 0) : '–'}
        </Fact>
      </dl>
    </section>
  );
}
