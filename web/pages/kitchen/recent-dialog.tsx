import { now } from '../../app/clock.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { duration } from '../../ui/format.ts';
import { StatusBadge } from '../../ui/status.tsx';
import { backOf, recentlyDone } from './board.ts';
import { NoteLine } from './note-line.tsx';
import type { Screen } from './screen.ts';

/** What was done last, and the way back. */
export function RecentDialog({ screen, onClose }: { readonly screen: Screen; readonly onClose: () => void }) {
  const recent = recentlyDone(screen.shown.value?.values() ?? []);
  return (
    <Dialog title="Recently done" onClose={onClose}>
      {recent.length === 0 && <p>No order is ready or on its way.</p>}
      <ul role="list" class="recent">
        {recent.map((card) => {
          const number = screen.numbers.value.get(card.id) ?? '';
          const back = backOf(card.status);
          return (
            <li key={card.id}>
              <strong>{number}</strong>
              <StatusBadge status={card.status} />
              <span>{duration(now.value - Date.parse(card.lastUpdated))} ago</span>
              {back !== undefined && screen.rights.value.to(back) && (
                <Button class="recall" onPress={() => screen.recall(card.id)}>
                  Recall<span class="visually-hidden"> order {number}</span>
                </Button>
              )}
              <NoteLine note={screen.notes.value.get(card.id)} />
            </li>
          );
        })}
      </ul>
      <Button onPress={onClose}>Close</Button>
    </Dialog>
  );
}
