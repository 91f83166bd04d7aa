import { query, setQuery } from '../../app/router.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { statusWords } from '../../ui/status.tsx';
import type { Column, Options } from './board.ts';

interface ScreenDialogProps {
  readonly options: Options;
  /** Those that may be shown. */
  readonly columns: readonly Column[];
  readonly onClose: () => void;
}

const MINUTES = { warn: 'Slow after minutes', late: 'Late after minutes', promise: 'Promise in minutes' } as const;

/** How this screen is set up. All of it is in the address, which can be kept as a bookmark. */
export function ScreenDialog({ options, columns, onClose }: ScreenDialogProps) {
  const show = (shown: readonly Column[]) =>
    setQuery({ show: shown.length === columns.length ? undefined : shown.join(',') });
  return (
    <Dialog title="This screen" onClose={onClose}>
      <div class="screen-options">
        <fieldset>
          <legend>Columns</legend>
          {columns.map((column) => {
            const isShown = options.columns.includes(column);
            return (
              <label key={column} class="check">
                <input
                  type="checkbox"
                  checked={isShown}
                  disabled={isShown && options.columns.length === 1}
                  onChange={() => show(columns.filter((each) => options.columns.includes(each) !== (each === column)))}
                />
                {statusWords(column)}
              </label>
            );
          })}
        </fieldset>
        {(['warn', 'late', 'promise'] as const).map((name) => (
          <Field key={name} label={MINUTES[name]}>
            <input
              type="number"
              min={0}
              max={600}
              value={options[name]}
              onChange={(event: Event) => setQuery({ [name]: (event.target as HTMLInputElement).value })}
            />
          </Field>
        ))}
        <label class="check">
          <input
            type="checkbox"
            checked={query.value.get('keys') !== 'off'}
            onChange={(event: Event) =>
              setQuery({ keys: (event.target as HTMLInputElement).checked ? undefined : 'off' })
            }
          />
          Keys of a bump bar
        </label>
      </div>
      <Button kind="main" onPress={onClose}>
        Done
      </Button>
    </Dialog>
  );
}
