import { Button } from '../../ui/button.tsx';
import { fromMinor } from '../../ui/amount.ts';
import { money } from '../../ui/format.ts';
import { type Line, MOST_OF_ONE, nameOf } from './basket.ts';

interface BasketLinesProps {
  readonly lines: readonly Line[];
  readonly onQuantity: (line: Line, quantity: number) => void;
  readonly onRemove: (line: Line) => void;
}

export function BasketLines({ lines, onQuantity, onRemove }: BasketLinesProps) {
  return (
    <ul role="list" class="lines">
      {lines.map((line) => (
        <li key={line.sku}>
          <BasketLine
            line={line}
            onQuantity={(quantity) => onQuantity(line, quantity)}
            onRemove={() => onRemove(line)}
          />
        </li>
      ))}
    </ul>
  );
}

interface BasketLineProps {
  readonly line: Line;
  readonly onQuantity: (quantity: number) => void;
  readonly onRemove: () => void;
}

function BasketLine({ line, onQuantity, onRemove }: BasketLineProps) {
  const { quantity, priceMinor } = line;
  const name = nameOf(line);
  return (
    <>
      <span class="line-name">{name}</span>
      <Button kind="quiet" class="remove" aria-label={`Remove ${name}`} onPress={onRemove}>
        <span aria-hidden="true">×</span>
      </Button>
      <span class="stepper" role="group" aria-label={`How many ${name}`}>
        <Button aria-label={`One ${name} less`} disabled={quantity <= 1} onPress={() => onQuantity(quantity - 1)}>
          <span aria-hidden="true">−</span>
        </Button>
        <input
          type="number"
          inputMode="numeric"
          min={1}
          max={MOST_OF_ONE}
          value={quantity}
          aria-label={`Number of ${name}`}
          onInput={({ currentTarget: { valueAsNumber } }) => {
            if (valueAsNumber >= 1) onQuantity(valueAsNumber);
          }}
          // What was typed may be nothing, or more than is taken.
          onBlur={({ currentTarget }) => (currentTarget.value = String(quantity))}
        />
        <Button
          aria-label={`One ${name} more`}
          disabled={quantity >= MOST_OF_ONE}
          onPress={() => onQuantity(quantity + 1)}
        >
          <span aria-hidden="true">+</span>
        </Button>
      </span>
      <span class="line-price">{money(fromMinor(priceMinor * quantity))}</span>
    </>
  );
}
