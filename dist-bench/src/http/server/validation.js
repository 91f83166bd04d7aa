import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import { validate as isUuid } from 'uuid';
import { createSchemaCompiler } from "../../json-schema.js";
import { parseTimeOrDate, parseTimestamp } from "../../domain/time.js";
const formats = {
    uuid: isUuid,
    'date-time': (text) => parseTimestamp(text) !== undefined,
    'time-or-date': (text) => parseTimeOrDate(text) !== undefined,
};
/**
 * Bodies are taken as they are: no coercion, nothing filled in or dropped. Parameters and headers come as text, so
 * that theirs are coerced. `verbose` hands the schema's own description to the error.
 */
export function createValidatorCompiler(schemas) {
    const strict = createSchemaCompiler({ verbose: true, formats });
    const coercing = createSchemaCompiler({ verbose: true, formats, coerceTypes: true, useDefaults: true });
    for (const schema of schemas) {
        strict.addSchema(schema);
        coercing.addSchema(schema);
    }
    return ({ schema, httpPart }) => {
        const compile = lazily(() => (httpPart === 'body' ? strict : coercing).compile(schema));
        const validate = (data) => {
            const compiled = compile();
            const isValid = compiled(data);
            validate.errors = compiled.errors ?? null;
            return isValid;
        };
        return validate;
    };
}
/**
 * Compiles a serializer for the answers that matter. Problem documents, of which every route has some ten, are
 * written as they are.
 */
export function createSerializerCompiler(schemas) {
    const named = Object.fromEntries(schemas.map((schema) => [schema.$id ?? '', schema]));
    const compile = SerializerSelector()(named, {});
    return ({ httpStatus = '200', ...route }) => {
        if (Number(httpStatus) >= 400)
            return JSON.stringify;
        const serializer = lazily(() => compile({ ...route, httpStatus }));
        return (data) => serializer()(data);
    };
}
/** When it is needed for the first time: what all routes need would take a sixth of the start. */
function lazily(make) {
    let made;
    return () => (made ??= make());
}
