import { Field } from '../../ui/field.tsx';
import type { Address, Mistakes } from './basket.ts';

interface AddressFieldsProps {
  readonly address: Address;
  readonly mistakes: Mistakes;
  readonly onChange: (address: Address) => void;
}

export function AddressFields({ address, mistakes, onChange }: AddressFieldsProps) {
  const input = (name: keyof Address, autocomplete: string) => (
    <input
      value={address[name]}
      maxLength={200}
      autocomplete={autocomplete}
      onInput={({ currentTarget }) => onChange({ ...address, [name]: currentTarget.value })}
    />
  );
  return (
    <>
      <Field label="Street and number" error={mistakes.street}>
        {input('street', 'street-address')}
      </Field>
      <div class="place">
        <Field label="Postal code" error={mistakes.postalCode}>
          {input('postalCode', 'postal-code')}
        </Field>
        <Field label="City" error={mistakes.city}>
          {input('city', 'address-level2')}
        </Field>
      </div>
      <Field label="Notes for the driver" hint="Such as the floor, or which bell to ring. May be left empty.">
        <textarea
          rows={2}
          maxLength={2000}
          value={address.notes}
          onInput={({ currentTarget }) => onChange({ ...address, notes: currentTarget.value })}
        />
      </Field>
    </>
  );
}
