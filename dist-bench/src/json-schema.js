import { Ajv } from 'ajv';
/**
 * A compiler of the service's own schemas. That each of them is a schema is for the tests to see: to check it at every
 * start would take a tenth of the start.
 */
export function createSchemaCompiler(options = {}) {
    return new Ajv({ strict: false, meta: false, validateSchema: false, ...options });
}
