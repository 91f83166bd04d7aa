/** What is asked before a command is sent. */
export interface CommandField {
  readonly name: string;
  readonly label: string;
  /** `line`: one line; `text`: several; `amount`: money; `check`: yes or no. */
  readonly kind: 'line' | 'text' | 'amount' | 'check';
  readonly hint?: string;
  readonly initial?: string;
  readonly suggestions?: readonly string[];
}

/** What was typed, by the names of the fields; a `check` is `yes` or empty. */
export type Values = Readonly<Record<string, string>>;

export function initialValues(fields: readonly CommandField[]): Values {
  return Object.fromEntries(fields.map(({ name, initial = '' }) => [name, initial]));
}

/** What is wrong with what was typed, by the names of the fields. */
export function mistakesIn(fields: readonly CommandField[], values: Values): Values {
  return Object.fromEntries(
    fields.flatMap(({ name, kind }) => {
      const value = (values[name] ?? '').trim();
      if (kind === 'check') return [];
      if (value === '') return [[name, 'This is needed.']];
      return kind === 'amount' && toAmount(value) === undefined ? [[name, 'An amount, such as 12.50 or 12,50.']] : [];
    }),
  );
}

/** An amount as a person types it, with a comma or a point, as the API takes it; undefined when it is none. */
export function toAmount(text: string): string | undefined {
  const amount = text.trim().replace(',', '.');
  return /^\d{1,7}(?:\.\d{1,2})?$/.test(amount) && Number(amount) > 0 ? amount : undefined;
}
