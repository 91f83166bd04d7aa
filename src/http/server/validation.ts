import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { validate as isUuid } from 'uuid';
import { createSchemaCompiler } from '../../json-schema.ts';
import { parseTimeOrDate, parseTimestamp } from '../../domain/time.ts';

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
  const strict = createSchemaCompiler({ verbose: true, formats });
  const coercing = createSchemaCompiler({ verbose: true, formats, coerceTypes: true, useDefaults: true });
  for (const schema of schemas) {
    strict.addSchema(schema);
    coercing.addSchema(schema);
  }
  return ({ schema, httpPart }) => {
    const compile = lazily(() => (httpPart === 'body' ? strict : coercing).compile(schema));
    const validate: ReturnType<FastifySchemaCompiler<TSchema>> = (data: unknown) => {
      const compiled = compile();
      const isValid = compiled(data);
      validate.errors = compiled.errors ?? null;
      return isValid;
    };
    return validate;
  };
}

export function createSerializerCompiler(schemas: readonly TSchema[]): FastifySerializerCompiler<TSchema> {
  const named = Object.fromEntries(schemas.map((schema) => [(schema as { $id?: string }).$id ?? '', schema]));
  const compile = SerializerSelector()(named, {});
  return ({ httpStatus = '200', ...route }) => {
    const serializer = lazily(() => compile({ ...route, httpStatus }));
    return (data) => serializer()(data);
  };
}

/** When it is needed for the first time: what all routes need would take a sixth of the start. */
function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
