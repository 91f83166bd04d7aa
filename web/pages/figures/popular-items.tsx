import { count } from '../../ui/format.ts';
import { CsvButton } from './csv-button.tsx';
import type { Figures } from './load-figures.ts';

/** What sold most, as bars with their numbers. */
export function PopularItems({ figures: { days, now } }: { readonly figures: Figures }) {
  const most = Math.max(1, ...now.popularItems.map(({ totalSold }) => totalSold));
  return (
    <section class="card stack" aria-labelledby="popular">
      <h2 id="popular">Popular items</h2>
      <ol class="popular" role="list">
        {now.popularItems.map(({ itemName, totalSold }) => (
          <li key={itemName}>
            <span>{itemName}</span>
            <span class="popular-sold">{count(totalSold)}</span>
            <span class="popular-bar" aria-hidden="true">
              <span style={{ width: `${(totalSold / most) * 100}%` }} />
            </span>
          </li>
        ))}
      </ol>
      <div class="row between">
        <small>The ten that sold most.</small>
        <CsvButton
          name={`popular-items-${days.first}-to-${days.last}.csv`}
          rows={() => [['item', 'sold'], ...now.popularItems.map(({ itemName, totalSold }) => [itemName, totalSold])]}
        >
          Items as CSV
        </CsvButton>
      </div>
    </section>
  );
}
