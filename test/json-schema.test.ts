import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { eventSchemas } from '../src/eventstoredb/event-schemas.ts';
import { sharedSchemas } from '../src/http/schemas/index.ts';
import { createSerializerCompiler, createValidatorCompiler } from '../src/http/server/validation.ts';

const events = Object.entries(eventSchemas).flatMap(([type, versions]) =>
  versions.map((schema, index) => [`${type} v${index + 1}`, schema] as const),
);
const shared = sharedSchemas.map((schema) => [(schema as { $id?: string }).$id ?? '', schema] as const);

describe('the schemas, which are not checked at the start,', () => {
  it.each([...events, ...shared])('are JSON Schema: %s', (_, schema) => {
    const ajv = new Ajv({ strict: false });
    expect(ajv.validateSchema(schema)).toBe(true);
  });

  it.each(shared)('which are compiled when they are needed, compile: %s', (_, { ...schema }) => {
    delete (schema as { $id?: string }).$id; // it is known by its name already
    const route = { schema, method: 'POST', url: '/' };
    const validate = createValidatorCompiler(sharedSchemas)({ ...route, httpPart: 'body' });
    expect(validate(Symbol('no JSON'))).toBe(false);
    expect(validate.errors?.length).toBeGreaterThan(0);
    const serialize = createSerializerCompiler(sharedSchemas)({ ...route, httpStatus: '200' });
    expect(written(() => serialize({}))).toMatch(/^[{["]|is required!$/);
  });
});

it('a validator’s errors are those of the value that it saw last', () => {
  const compile = createValidatorCompiler([]);
  const validate = compile({
    schema: { type: 'object', required: ['a'] },
    method: 'GET',
    url: '/',
    httpPart: 'querystring',
  });
  expect(validate({})).toBe(false);
  expect(validate.errors).toMatchObject([{ params: { missingProperty: 'a' } }]);
  expect(validate({ a: 1 })).toBe(true);
  expect(validate.errors).toBeNull();
});

function written(write: () => string): string {
  try {
    return write();
  } catch (error) {
    return (error as Error).message;
  }
}
