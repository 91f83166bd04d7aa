import { Ajv } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { validate as isUuid } from 'uuid';
import { parseTimeOrDate, parseTimestamp } from '../domain/time.ts';

const formats = {
  uuid: isUuid,
  'date-time': (text: string) => parseTimestamp(text) !== undefined,
  'time-or-date': (text: string) => parseTimeOrDate(text) !== undefined,
};

/**
 * Bodies are taken as they are: no coercion, nothing filled in or dropped. Parameters and headers come as text, so
 * that theirs are coerced. `verbose` hands the schema's own description to the error.
 */
export function createValidatorCompiler(schemas: readonly TSchema[]): FastifySchemaCompiler<TSchema> {
  const strict = new Ajv({ strict: false, verbose: true, formats });
  const coercing = new Ajv({ strict: false, verbose: true, formats, coerceTypes: true, useDefaults: true });
  for (const schema of schemas) {
    strict.addSchema(schema);
    coercing.addSchema(schema);
  }
  return ({ schema, httpPart }) => (httpPart === 'body' ? strict : coercing).compile(schema);
}
