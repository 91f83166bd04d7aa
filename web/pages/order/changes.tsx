import { fromMinor } from '../../ui/amount.ts';
import { money } from '../../ui/format.ts';
import { type Change, nameOf } from './basket.ts';

/** What the menu has made of lines of the basket, each in a sentence. */
export function ChangeList({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <ul class="changes">
      {changes.map((change) => (
        <li key={change.before.sku}>{wordsFor(change)}</li>
      ))}
    </ul>
  );
}

function wordsFor({ before, after }: Change): string {
  const name = nameOf(before);
  if (!after) return `${name} is not on the menu any more, and is taken out.`;
  const renamed = nameOf(after) === name ? '' : `, now ${nameOf(after)}`;
  const [was, is] = [before, after].map(({ priceMinor }) => money(fromMinor(priceMinor)));
  return `${name}${renamed}: ${was === is ? is : `${was} before, ${is} now`}.`;
}
