import { documentation, parameterDescriptions, parameterExamples, } from "./examples.js";
/** The head of the OpenAPI document; its paths come from the routes, its components from the shared schemas. */
export const openApiInfo = {
    openapi: {
        openapi: '3.1.0',
        info: {
            title: 'Mario’s Pizzeria order service',
            version: '1.0.0',
            description: 'Place, confirm, pay and track pizza orders. Every change is an event in EventStoreDB; what is read comes from ' +
                'MongoDB read models made of those events. Amounts are strings with two decimals, times RFC 3339 in UTC, ' +
                'errors `application/problem+json`. Every path answers a method that it does not have with 405 and `Allow`; ' +
                'headers of more than 16 KiB are 431.',
            license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/', description: 'this service' }],
        tags: [
            { name: 'Orders: commands', description: 'Change orders' },
            { name: 'Orders: queries', description: 'Read orders' },
            { name: 'Analytics', description: 'Figures over many orders' },
            { name: 'Orders: history', description: 'What an order was, and how it came to be what it is' },
            { name: 'Audit', description: 'Who did what when, across orders' },
            { name: 'Customers', description: 'Names and emails that orders show' },
            { name: 'Menu', description: 'The price list' },
            { name: 'Operations', description: 'Health and metrics' },
            { name: 'Administration', description: 'Look after the read models' },
        ],
        components: { headers: headers() },
    },
    transformObject: (document) => 'openapiObject' in document ? withDocumentation(document.openapiObject) : document.swaggerObject,
    refResolver: {
        buildLocalReference: (json, _base, _fragment, index) => typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
    },
};
const PROBLEM = 'application/problem+json';
/** Answered by Node's own server, before there is a request with an id. */
const TOO_SLOW = '408';
/**
 * Adds examples, headers and descriptions to the document that was made of the routes. They are kept out of the
 * schemas, which are compiled: there they would cost time at every start, and some would reach error messages.
 */
function withDocumentation(document) {
    const paths = Object.entries((document.paths ?? {})).map(([path, operations]) => [
        path,
        Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, documented(path, operation)])),
    ]);
    return { ...document, paths: Object.fromEntries(paths) };
}
function documented(path, operation) {
    const own = documentation[operation.operationId ?? ''];
    if (!own)
        return operation;
    const { parameters, requestBody, responses = {} } = operation;
    const instance = path.replaceAll(/{(\w+)}/g, (_, name) => String(exampleOf(name, own)));
    return {
        ...operation,
        ...(parameters && { parameters: parameters.map((parameter) => parameterWithExample(parameter, own)) }),
        ...(requestBody && {
            requestBody: { ...requestBody, content: withBodies(requestBody.content, own) },
        }),
        responses: Object.fromEntries(Object.entries(responses).map(([status, response]) => [
            status,
            documentedAnswer(status, response, own.answers[Number(status)], problemExamples(status, own.problems, instance)),
        ])),
    };
    function problemExamples(status, problems, instance) {
        const all = Object.entries(problems[Number(status)] ?? {});
        return Object.fromEntries(all
            // Where no body is asked for, a wrong field is the better example, if there is one.
            .filter(([name]) => name !== 'malformed' || requestBody !== undefined || all.length === 1)
            .map(([name, problem]) => [name, { ...problem, retryAfter: undefined, instance }]));
    }
}
function parameterWithExample(parameter, own) {
    const { name, schema } = parameter;
    const example = exampleOf(name, own);
    const description = parameterDescriptions[name];
    return {
        ...(description !== undefined && { description }),
        ...parameter,
        ...(schema?.default !== undefined && { required: false }),
        ...(example !== undefined && { example }),
    };
}
function withBodies(content, { bodies = {} }) {
    return Object.fromEntries(Object.entries(content).map(([type, media]) => [type, withExamples(media, bodies)]));
}
function exampleOf(name, { parameters = {} }) {
    return parameters[name] ?? parameterExamples[name];
}
function documentedAnswer(status, response, answer, problems) {
    const names = [
        ...(status === TOO_SLOW ? [] : ['X-Request-Id']),
        ...(answer?.headers ?? (status === '503' ? ['Retry-After'] : [])),
        ...(status === '429' ? ['Retry-After', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'] : []),
    ];
    const content = Object.entries(response.content ?? {}).map(([type, media]) => [
        type,
        withExamples(media, type === PROBLEM ? problems : (answer?.examples ?? {})),
    ]);
    return {
        ...response,
        description: answer?.description ?? response.description,
        headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
        ...(content.length > 0 && { content: Object.fromEntries(content) }),
    };
}
function withExamples(media, examples) {
    const values = Object.entries(examples).map(([name, value]) => [name, { value }]);
    return values.length === 0 ? media : { ...media, examples: Object.fromEntries(values) };
}
function headers() {
    const required = true;
    return {
        ETag: {
            description: 'The revision, strong; of an order whose customer is known, with the customer’s own after a dot',
            required,
            schema: { type: 'string', pattern: '^"\\d+(?:\\.\\d+)?"$' },
            example: '"2.0"',
        },
        Location: {
            description: 'Path of what there is now',
            required,
            schema: { type: 'string', pattern: '^/' },
            example: '/orders/0b9f3a0e-2b8e-5f57-8a9e-5c1f2d7be4a7',
        },
        'Retry-After': {
            description: 'Seconds after which to try again',
            required,
            schema: { type: 'integer', minimum: 1 },
            example: 1,
        },
        'X-Request-Id': {
            description: 'The service’s id of the request, which its log has too',
            required,
            schema: { type: 'string', format: 'uuid' },
            example: '0f0c1a34-93f1-4f5e-8f0b-6d6d1a1f6c55',
        },
        'X-RateLimit-Limit': {
            description: 'Requests that a client has in a minute',
            required,
            schema: { type: 'integer', minimum: 1 },
            example: 600,
        },
        'X-RateLimit-Remaining': {
            description: 'Those that are left',
            required,
            schema: { type: 'integer', minimum: 0 },
            example: 0,
        },
        'X-RateLimit-Reset': {
            description: 'Seconds until they are all there again',
            required,
            schema: { type: 'integer', minimum: 0 },
            example: 30,
        },
    };
}
