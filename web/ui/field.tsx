import { cloneElement, type ComponentChild, type VNode } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChild;
  /** What is wrong with it. */
  readonly error?: string | undefined;
  /** The one input, select or textarea. */
  readonly children: VNode;
}

/** An input with its label, and what is to be said of it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  const described = note === undefined ? {} : { 'aria-describedby': `${id}-note` };
  return (
    <div class={error === undefined ? 'field' : 'field wrong'}>
      <label for={id}>{label}</label>
      {cloneElement(children, { id, ...described, ...(error !== undefined && { 'aria-invalid': true }) })}
      {note !== undefined && (
        <span class="field-note" id={`${id}-note`}>
          {note}
        </span>
      )}
    </div>
  );
}
