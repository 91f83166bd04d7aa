import type { ErrorObject } from 'ajv';
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { validate as isUuid } from 'uuid';
import { createSchemaCompiler, lazily } from '../../json-schema.ts';
import { parseTimeOrDate, parseTimestamp } from '../../domain/time.ts';
import { headerText } from './bytes.ts';

const formats = {
  uuid: isUuid,
  'date-time': (text: string) => parseTimestamp(text) !== undefined,
  'time-or-date': (text: string) => parseTimeOrDate(text) !== undefined,
};

/**
 * Bodies are taken as they are: no coercion, nothing filled in, nothing dropped but `null` for a field that may be
 * absent. Parameters and headers come as text, so that theirs are coerced. `verbose` hands the schema's own description
 * to the error.
 */
export function createValidatorCompiler(schemas: readonly TSchema[]): FastifySchemaCompiler<TSchema> {
  const strict = createSchemaCompiler({ verbose: true, formats });
  const coercing = createSchemaCompiler({ verbose: true, formats, coerceTypes: true, useDefaults: true });
  for (const schema of schemas) {
    strict.addSchema(schema);
    coercing.addSchema(schema);
  }
  const named = new Map(schemas.map((schema: Shape) => [`${schema.$id ?? ''}#`, schema]));
  return ({ schema, httpPart }) => {
    const integers = httpPart === 'body' ? [] : integersIn(schema);
    const compile = lazily(() => (httpPart === 'body' ? strict : coercing).compile(schema));
    const validate: ReturnType<FastifySchemaCompiler<TSchema>> = (data: unknown) => {
      const compiled = compile();
      const unreadable =
        (httpPart === 'headers' ? decodeHeaders(schema, data) : undefined) ?? findNoDigits(integers, data);
      const isValid =
        unreadable === undefined &&
        (compiled(data) || (httpPart === 'body' && dropNulls(schema, data, named) && compiled(data)));
      validate.errors = unreadable ?? compiled.errors ?? null;
      return isValid;
    };
    return validate;
  };
}

/** What is looked at here of a schema. */
interface Shape {
  readonly $id?: string;
  readonly $ref?: string;
  readonly type?: string;
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

/** @returns whether there was a field that is null and may be absent */
function dropNulls(schema: Shape, value: unknown, named: ReadonlyMap<string, Shape>): boolean {
  const { items, properties = {}, required = [] } = named.get(schema.$ref ?? '') ?? schema;
  if (Array.isArray(value))
    return items !== undefined && value.map((item) => dropNulls(items, item, named)).includes(true);
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const dropped = Object.entries(properties).map(([name, field]) =>
    fields[name] === null && !required.includes(name)
      ? Reflect.deleteProperty(fields, name)
      : dropNulls(field, fields[name], named),
  );
  return dropped.includes(true);
}

/** Makes text of the headers that the schema names; the others are nobody's. @returns what cannot be */
function decodeHeaders({ properties = {} }: Shape, data: unknown): ErrorObject[] | undefined {
  const headers = data as Record<string, unknown>;
  for (const name of Object.keys(properties)) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    const text = headerText(value);
    if (text === undefined) {
      return errorIn(name, 'utf-8', 'must be UTF-8');
    }
    headers[name] = text;
  }
  return undefined;
}

function integersIn({ properties = {} }: Shape): [string, Shape][] {
  return Object.entries(properties).filter(([, { type }]) => type === 'integer');
}

/** Finds what is to be a whole number and isn't written as one: `0x10`, `1e1` and ` 5` are coerced as well. */
function findNoDigits(integers: readonly [string, Shape][], data: unknown): ErrorObject[] | undefined {
  const parameters = data as Record<string, unknown>;
  for (const [name, shape] of integers) {
    const value = parameters[name];
    if (typeof value === 'string' && !/^-?\d+$/.test(value)) return errorIn(name, 'type', 'must be integer', shape);
  }
  return undefined;
}

function errorIn(name: string, keyword: string, message: string, parentSchema?: Shape): ErrorObject[] {
  return [
    { instancePath: `/${name}`, schemaPath: '', keyword, params: {}, message, ...(parentSchema && { parentSchema }) },
  ];
}

export function createSerializerCompiler(schemas: readonly TSchema[]): FastifySerializerCompiler<TSchema> {
  const named = Object.fromEntries(schemas.map((schema) => [(schema as { $id?: string }).$id ?? '', schema]));
  const compile = SerializerSelector()(named, {});
  return ({ httpStatus = '200', ...route }) => {
    const serializer = lazily(() => compile({ ...route, httpStatus }));
    return (data) => serializer()(data);
  };
}
