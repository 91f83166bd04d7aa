import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { AUDIT_FIELDS, type AuditFilter, EVENT_TYPES } from './audit-filter.ts';

interface AuditFormProps {
  readonly filter: AuditFilter;
  readonly onSearch: (filter: AuditFilter) => void;
}

/** What to search the audit for. What is typed counts once it is sent. */
export function AuditForm({ filter, onSearch }: AuditFormProps) {
  const [draft, setDraft] = useState<AuditFilter>(filter);
  useEffect(() => setDraft(filter), [JSON.stringify(filter)]);
  const input = (field: (typeof AUDIT_FIELDS)[number]) => ({
    value: draft[field] ?? '',
    onInput: ({ currentTarget: { value } }: { readonly currentTarget: { readonly value: string } }) =>
      setDraft((before) => ({ ...before, [field]: value })),
  });
  const filled = AUDIT_FIELDS.flatMap((field) => {
    const value = draft[field]?.trim();
    return value ? [[field, value] as const] : [];
  });
  return (
    <form
      class="audit-form"
      role="search"
      aria-label="Audit"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(Object.fromEntries(filled));
      }}
    >
      <Field label="What happened">
        <select {...input('type')}>
          <option value="">anything</option>
          {EVENT_TYPES.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </Field>
      <Field label="Who did it">
        <input type="text" autoComplete="off" {...input('actor')} />
      </Field>
      <Field label="Order’s id">
        <input type="text" autoComplete="off" spellcheck={false} {...input('orderId')} />
      </Field>
      <Field label="First day">
        <input type="date" {...input('from')} />
      </Field>
      <Field label="Last day">
        <input type="date" {...input('to')} />
      </Field>
      <div class="row">
        <Button kind="main" type="submit">
          Search
        </Button>
        <Button kind="quiet" onPress={() => onSearch({})}>
          Clear
        </Button>
      </div>
    </form>
  );
}
