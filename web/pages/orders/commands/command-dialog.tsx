import { useId, useState } from 'preact/hooks';
import { Problem, type Schemas } from '../../../api/client.ts';
import { announce } from '../../../ui/announcer.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Field } from '../../../ui/field.tsx';
import { Notice, ProblemNotice } from '../../../ui/notice.tsx';
import { useCommand } from '../../../ui/use-command.ts';
import type { OrderCommand } from './commands.ts';
import { type CommandField, initialValues, mistakesIn, type Values } from './fields.ts';

interface CommandDialogProps {
  readonly command: OrderCommand;
  /** The revision that is looked at: with another one, the command is refused. Undefined: none is shown. */
  readonly revision?: number | undefined;
  readonly onClose: () => void;
  readonly onDone: (order: Schemas['PlainOrder']) => void;
  /** Something else was done first: what is shown is to be asked for anew. */
  readonly onConflict: () => void;
}

/** Asks for what a command needs, and sends it once, however often it is pressed. */
export function CommandDialog({ command, revision, onClose, onDone, onConflict }: CommandDialogProps) {
  const [values, setValues] = useState(() => initialValues(command.fields));
  const [hasTried, setHasTried] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const mistakes = mistakesIn(command.fields, values);
  const send = useCommand((key) =>
    command.send(trimmed(values), {
      'idempotency-key': key,
      ...(revision !== undefined && { 'if-match': `"${revision}"` }),
    }),
  );

  async function press(): Promise<void> {
    setHasTried(true);
    if (Object.keys(mistakes).length > 0) {
      announce('Something is missing.');
      return;
    }
    // Without the revision: sent again after a lost answer, it is the same command.
    const order = await send(`${command.action} ${JSON.stringify(trimmed(values))}`);
    announce(command.done);
    onDone(order);
  }

  function take(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    setProblem(error);
    if (error.status === 409 || error.status === 412) onConflict();
  }

  return (
    <Dialog title={command.title} onClose={onClose}>
      <form class="stack command" noValidate onSubmit={(event) => event.preventDefault()}>
        <p>{command.explanation}</p>
        {command.fields.map((field) => (
          <CommandInput
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            mistake={hasTried ? mistakes[field.name] : undefined}
            onInput={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
        {problem?.status === 412 ? (
          <Notice kind="warning" title="Somebody else was first">
            The order has changed since you looked at it. Behind this question it is shown as it is now: if you still
            want this, press again.
          </Notice>
        ) : (
          problem && <ProblemNotice problem={problem} />
        )}
        <div class="row">
          <Button type="submit" kind={command.isDangerous ? 'danger' : 'main'} onPress={press} onProblem={take}>
            {command.action}
          </Button>
          <Button onPress={onClose}>Back</Button>
        </div>
      </form>
    </Dialog>
  );
}

interface CommandInputProps {
  readonly field: CommandField;
  readonly value: string;
  readonly mistake: string | undefined;
  readonly onInput: (value: string) => void;
}

function CommandInput({ field: { kind, label, hint, suggestions }, value, mistake, onInput }: CommandInputProps) {
  const list = useId();
  if (kind === 'check') {
    return (
      <label class="check">
        <input
          type="checkbox"
          checked={value === 'yes'}
          onChange={({ currentTarget }) => onInput(currentTarget.checked ? 'yes' : '')}
        />
        {label}
      </label>
    );
  }
  const given = { value, required: true, autocomplete: 'off' };
  return (
    <>
      <Field label={label} hint={hint} error={mistake}>
        {kind === 'text' ? (
          <textarea
            {...given}
            rows={3}
            maxLength={2000}
            onInput={({ currentTarget }) => onInput(currentTarget.value)}
          />
        ) : (
          <input
            {...given}
            type="text"
            maxLength={200}
            inputMode={kind === 'amount' ? 'decimal' : 'text'}
            {...(suggestions && { list })}
            onInput={({ currentTarget }) => onInput(currentTarget.value)}
          />
        )}
      </Field>
      {suggestions && (
        <datalist id={list}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </>
  );
}

function trimmed(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]));
}
