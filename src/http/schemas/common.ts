import Type, { type Static, type TProperties, type TSchema } from 'typebox';

/** No control characters and no lone surrogates, which BSON would change without a word; not only blanks. */
const LINE = '^(?=.*\\S)[^\\p{Cc}\\p{Cs}]+$';
/** Like a line, but may have line breaks and tabs, and may be empty. */
const TEXT = '^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\r\\t])*$';

export const line = (description: string, maxLength = 200) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: LINE,
    description: `${description}: 1 to ${maxLength} characters, no control characters`,
  });
export const notes = (description: string, minLength = 0) =>
  Type.String({
    minLength,
    maxLength: 2000,
    pattern: TEXT,
    description: `${description}: ${minLength > 0 ? `${minLength} to` : 'at most'} 2000 characters`,
  });
export const nullable = <T extends string | number>(type: 'string' | 'integer', description: string) =>
  Type.Unsafe<T | null>({ type: [type, 'null'], description });

export const nullableTime = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description });

export const TraceId = nullable<string>('string', 'of the trace that it was made in; null when there was none');

export const closed = { additionalProperties: false };

/** Parameters of a query string, others than which are refused. */
export const query = <T extends TProperties>(parameters: T) => Type.Object(parameters, closed);

/** A reference to a schema registered by its `$id`, with that schema's type. */
export function ref<T extends TSchema>(schema: T & { readonly $id?: string }) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id ?? ''}#` });
}

export const CustomerId = line('the customer’s id');
export const Sku = line('an item of the menu');
export const Email = Type.String({
  minLength: 3,
  maxLength: 200,
  pattern: '^[^\\s@\\p{Cc}\\p{Cs}]+@[^\\s@\\p{Cc}\\p{Cs}]+$',
  description: 'an email address of at most 200 characters',
});
export const Timestamp = Type.String({
  format: 'date-time',
  description: 'an RFC 3339 time, such as 2026-01-31T18:30:00Z',
});
export const UnitPrice = Type.String({
  maxLength: 10,
  pattern: '^(?:0{0,3}\\d{1,4}(?:\\.\\d{1,2})?|0{0,2}10000(?:\\.0{1,2})?)$',
  description: 'a decimal amount from "0" to "10000.00" with at most two decimals, as a string',
});
export const Amount = Type.String({
  maxLength: 10,
  pattern: '^\\d{1,7}(?:\\.\\d{1,2})?$',
  description: 'a decimal amount of at most 7 digits and two decimals, as a string, such as "25.00"',
});
/** A query parameter that takes an RFC 3339 time, or a plain date for its midnight in UTC. */
export const TimeOrDate = Type.String({
  maxLength: 40,
  format: 'time-or-date',
  description: 'an RFC 3339 time such as 2026-01-31T18:30:00Z, or a plain date, which is its midnight in UTC',
});
/** Totals can be larger than what a request may state: 100 lines × 1,000 × 10,000.00. */
export const Money = Type.String({
  pattern: '^\\d{1,10}\\.\\d{2}$',
  description: 'a decimal amount with two decimals, such as "25.00"',
});
export const Quantity = Type.Integer({ minimum: 1, maximum: 1000, description: 'a whole number from 1 to 1000' });

const callerHeaders = {
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[\\x21-\\x7E]+$',
      description: '1 to 255 visible ASCII characters; the same key and body get the first answer again',
    }),
  ),
  'x-actor': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: LINE,
      description:
        'who acts, for the audit trail: 1 to 100 characters. Where callers have tokens, only a service may name somebody',
    }),
  ),
  'x-correlation-id': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[\\x21-\\x7E]+$',
      description: '1 to 200 visible ASCII characters, kept with every event',
    }),
  ),
};

/** Of a query that answers one document of a read model. */
export const ReadHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({ maxLength: 1000, description: 'ETags of the revision that is wanted; another one is 412' }),
  ),
  'if-none-match': Type.Optional(Type.String({ maxLength: 1000 })),
});

const preconditions = {
  'if-match': Type.Optional(
    Type.String({ maxLength: 1000, description: 'the ETag that the caller saw, or * for any that there is' }),
  ),
  'if-none-match': Type.Optional(
    Type.String({ maxLength: 1000, description: '* where there must be nothing yet, or ETags that it must not have' }),
  ),
};

/** An answer without a body: a `null` would be written, and counted in Content-Length. */
export const NotModified = Type.Unsafe<undefined>(Type.Null({ description: 'Not modified' }));

/** The revision of a change that the answer must show. */
export const MinRevision = Type.Object(
  { minRevision: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })) },
  closed,
);

/** Of a command on something new, where there is no revision to insist on. */
export const CallerHeaders = Type.Object(callerHeaders);

export const CommandHeaders = Type.Object({ ...callerHeaders, ...preconditions });
