import { Ajv } from 'ajv';
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify';
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

/**
 * Compiles a serializer for the answers that matter. Problem documents, of which every route has some ten, are
 * written as they are: compiling one for each would take most of the start.
 */
export function createSerializerCompiler(schemas: readonly TSchema[]): FastifySerializerCompiler<TSchema> {
  const named = Object.fromEntries(schemas.map((schema) => [(schema as { $id?: string }).$id ?? '', schema]));
  const compile = SerializerSelector()(named, {});
  return ({ httpStatus = '200', ...route }) =>
    Number(httpStatus) >= 400 ? JSON.stringify : compile({ ...route, httpStatus });
}
