import { useEffect, useState } from 'preact/hooks';
import { setQuery } from '../../app/router.tsx';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { statusWords } from '../../ui/status.tsx';
import { endsTooEarly, ORDER_STATUSES, type OrderFilter, PAYMENT_STATUSES } from './filter.ts';

interface FilterFormProps {
  readonly filter: OrderFilter;
  /** Whether only the orders of one customer can be found at all. */
  readonly isOwnOnly: boolean;
}

/** By what orders are looked for. It is kept in the address, and counts as soon as it is changed. */
export function FilterForm({ filter, isOwnOnly }: FilterFormProps) {
  const { customerId = '', status = '', paymentStatus = '', placedFrom = '', placedTo = '' } = filter;
  return (
    <form class="card filter" aria-label="Find orders" noValidate onSubmit={(event) => event.preventDefault()}>
      {!isOwnOnly && (
        <Field label="Customer">
          <Draft
            value={customerId}
            placeholder="The customer’s id"
            onCommit={(text) => setQuery({ customerId: text.trim() })}
          />
        </Field>
      )}
      <Field label="Status">
        <Choice value={status} of={ORDER_STATUSES} onChoose={(chosen) => setQuery({ status: chosen })} />
      </Field>
      <Field label="Payment">
        <Choice
          value={paymentStatus}
          of={PAYMENT_STATUSES}
          onChoose={(chosen) => setQuery({ paymentStatus: chosen })}
        />
      </Field>
      <Field label="Placed from">
        <Draft type="date" value={placedFrom} onCommit={(text) => setQuery({ placedFrom: text })} />
      </Field>
      <Field label="Placed to" error={endsTooEarly(filter) ? 'This is before the first day.' : undefined}>
        <Draft type="date" value={placedTo} onCommit={(text) => setQuery({ placedTo: text })} />
      </Field>
      <Button kind="quiet" aria-disabled={Object.keys(filter).length === 0} onPress={clearFilter}>
        Clear
      </Button>
    </form>
  );
}

export function clearFilter(): void {
  setQuery({
    customerId: undefined,
    status: undefined,
    paymentStatus: undefined,
    placedFrom: undefined,
    placedTo: undefined,
  });
}

interface DraftProps {
  readonly id?: string;
  readonly type?: 'text' | 'date';
  readonly placeholder?: string;
  readonly value: string;
  /** Takes what was typed, once it is meant: by Enter, or by going on to something else. */
  readonly onCommit: (text: string) => void;
}

function Draft({ value, type = 'text', onCommit, ...rest }: DraftProps) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const given = {
    ...rest,
    value: draft,
    onInput: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => setDraft(currentTarget.value),
    onChange: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) => onCommit(currentTarget.value),
  };
  return type === 'date' ? (
    <input {...given} type="date" />
  ) : (
    <input {...given} type="text" maxLength={200} autocomplete="off" />
  );
}

interface ChoiceProps {
  readonly id?: string;
  readonly value: string;
  readonly of: readonly string[];
  readonly onChoose: (value: string) => void;
}

function Choice({ value, of, onChoose, ...rest }: ChoiceProps) {
  return (
    <select {...rest} value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
      <option value="">Any</option>
      {of.map((status) => (
        <option key={status} value={status}>
          {statusWords(status)}
        </option>
      ))}
    </select>
  );
}
