import { Ajv, type Options } from 'ajv';

/**
 * A compiler of the service's own schemas. That each of them is a schema is for the tests to see: to check it at every
 * start would take a tenth of the start.
 */
export function createSchemaCompiler(options: Options = {}): Ajv {
  return new Ajv({ strict: false, meta: false, validateSchema: false, ...options });
}

/** When it is needed for the first time: to compile all schemas would take a fifth of the start. */
export function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
