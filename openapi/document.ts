import { createRequire } from 'node:module';
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { ruleOf } from '../src/access/rules.ts';
import type { AnswerDocumentation, OperationDocumentation, ParameterExample } from './examples/documentation.ts';
import { documentation } from './examples/index.ts';
import { parameterDescriptions, parameterExamples } from './examples/parameters.ts';
import { generalProblems, type ProblemExamples } from './examples/problems.ts';

const { version } = createRequire(import.meta.url)('#package.json') as { readonly version: string };

/** The head of the OpenAPI document; its paths come from the routes, its components from the shared schemas. */
export const openApiInfo: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Mario’s Pizzeria order service',
      version,
      description:
        'Place, confirm, pay and track pizza orders. Every change is an event in EventStoreDB; what is read comes from ' +
        'MongoDB read models made of those events. Amounts are strings with two decimals, times RFC 3339 in UTC, ' +
        'errors `application/problem+json`. In a body, `null` for a field that may be absent means that it is. ' +
        'Every path answers a method that it does not have with 405 and `Allow`; ' +
        'headers of more than 16 KiB are 431. Where the service asks who you are (`AUTH`), `x-roles` says which roles may ' +
        'use an operation: with `own` for their own customer only, with `to` to give an order these statuses, with ' +
        '`while` as long as it has one of these.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'this service' }],
    tags: [
      {
        name: 'Orders: commands',
        description:
          'Change orders. In Swagger UI, the order of the examples is the one that was placed last, and their refund the ' +
          'one that was requested last',
      },
      { name: 'Orders: queries', description: 'Read orders' },
      { name: 'Analytics', description: 'Figures over many orders' },
      { name: 'Orders: history', description: 'What an order was, and how it came to be what it is' },
      { name: 'Live', description: 'Each change as it happens' },
      { name: 'Audit', description: 'Who did what when, across orders' },
      { name: 'Customers', description: 'Names and emails that orders show' },
      { name: 'Menu', description: 'The price list' },
      { name: 'Operations', description: 'Health and metrics' },
      { name: 'Administration', description: 'Look after the read models' },
    ],
    components: { headers: headers(), securitySchemes: securitySchemes() },
  },
  transformObject: (document) =>
    'openapiObject' in document ? withDocumentation(document.openapiObject) : document.swaggerObject,
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) =>
      typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
  },
};

/** What is looked at here of an OpenAPI document. */
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses?: Readonly<Record<string, Response>>;
}
interface Parameter {
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: { readonly default?: unknown };
}
interface Response {
  readonly description: string;
  readonly headers?: object;
  readonly content?: Content;
}
type Content = Readonly<Record<string, object>>;

/**
 * Adds problems, examples, headers and descriptions to the document that was made of the routes. They are kept out of
 * the schemas, which are compiled: there they would cost time at every start, and some would reach error messages.
 */
function withDocumentation<Document extends { readonly paths?: object }>(document: Document): Document {
  const paths = Object.entries((document.paths ?? {}) as Record<string, Record<string, Operation>>).map(
    ([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [
          method,
          documented(method.toUpperCase(), path, operation),
        ]),
      ),
    ],
  );
  return JSON.parse(
    JSON.stringify({ ...document, paths: Object.fromEntries(paths) as object }),
    inKnownFormats,
  ) as Document;
}

/** In place of our own format, those that it is made of. */
function inKnownFormats(_: string, value: unknown): unknown {
  const schema = value as { readonly format?: unknown } | null;
  if (schema?.format !== 'time-or-date') return value;
  const { format: __, ...others } = schema;
  return { ...others, anyOf: ['date-time', 'date'].map((format) => ({ type: 'string', format })) };
}

/** How a caller says who asks, with AUTH=dev and AUTH=oidc. */
function securitySchemes() {
  return {
    token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token of the issuer' },
    session: { type: 'apiKey', in: 'cookie', name: '__Host-session', description: 'The session of a page' },
  } as const;
}

/** Who may use an operation, from the table of rules. */
function accessOf(method: string, path: string): object {
  const rule = ruleOf(method, path.replaceAll(/{(\w+)}/g, ':$1'));
  if (rule === 'anyone') return { security: [] };
  return { security: [{ token: [] }, { session: [] }], 'x-roles': rule };
}

function documented(method: string, path: string, operation: Operation): Operation {
  const own = documentation[operation.operationId ?? ''];
  if (!own) return operation;
  const { summary, parameters, requestBody, responses = {} } = operation;
  const instance = path.replaceAll(/{(\w+)}/g, (_, name: string) => String(exampleOf(name, own)));
  const answers = Object.entries(responses).map(
    ([status, response]) => [status, documentedAnswer(response, own.answers[Number(status)])] as const,
  );
  return {
    ...operation,
    // Pages show it as it is, while they render descriptions.
    ...(summary !== undefined && { summary: summary.replaceAll('`', '') }),
    ...accessOf(method, path),
    ...(parameters && { parameters: parameters.map((parameter) => parameterWithExample(parameter, own)) }),
    ...(requestBody && { requestBody: { ...requestBody, content: withExamples(requestBody.content, own.bodies) } }),
    responses: {
      ...Object.fromEntries(answers),
      ...problemAnswers(problemsOf(method, path, own, requestBody !== undefined), instance),
    },
  };
}

/** A page that sends requests fills examples in. One that need not be sent is given in words, so that it is not. */
function parameterWithExample(parameter: Parameter, own: OperationDocumentation): Parameter {
  const { name, schema, description = parameterDescriptions[name] } = parameter;
  const required = parameter.required === true && schema?.default === undefined;
  const example = exampleOf(name, own);
  const words = [description, example === undefined || required ? undefined : `Example: \`${String(example)}\``];
  return {
    ...parameter,
    required,
    description: words.filter((word) => word !== undefined).join('. '),
    ...(required && example !== undefined && { example }),
  };
}

function exampleOf(name: string, own: OperationDocumentation | undefined): ParameterExample | undefined {
  return own?.parameters?.[name] ?? parameterExamples[name];
}

function documentedAnswer(response: Response, answer: AnswerDocumentation | undefined): Response {
  return {
    ...response,
    description: answer?.description ?? response.description,
    headers: headerReferences(['X-Request-Id', ...(answer?.headers ?? [])]),
    ...(response.content && { content: withExamples(response.content, answer?.examples) }),
  };
}

function problemsOf(method: string, path: string, own: OperationDocumentation, takesBody: boolean): ProblemExamples {
  const problems = { ...generalProblems(method, path), ...own.problems };
  // Where no body is asked for, a wrong field is the better example, if there is one.
  const without = [...(own.without ?? []), ...(takesBody || !('field' in problems) ? [] : ['malformed'])];
  return Object.fromEntries(Object.entries(problems).filter(([name]) => !without.includes(name)));
}

function problemAnswers(problems: ProblemExamples, instance: string): Record<number, Response> {
  const statuses = new Set(Object.values(problems).map(({ status }) => status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const found = Object.entries(problems).filter(([, problem]) => problem.status === status);
      const titles = new Set(found.map(([, { title }]) => title));
      const isRetried = found.some(([, { retryAfter }]) => retryAfter !== undefined);
      const names = [
        // Node's own server answers a slow request, before there is one with an id.
        ...(status === 408 ? [] : ['X-Request-Id']),
        ...(status === 401 ? ['WWW-Authenticate'] : []),
        ...(isRetried ? ['Retry-After'] : []),
        ...(status === 415 ? ['Accept-Encoding'] : []),
        ...(status === 429 ? ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'] : []),
      ];
      const examples = found.map(([name, problem]) => [name, { ...problem, retryAfter: undefined, instance }]);
      const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
      return [
        status,
        {
          description: [...titles].join('; or: '),
          content: withExamples(content, Object.fromEntries(examples) as Record<string, object>),
          headers: headerReferences(names),
        },
      ];
    }),
  );
}

function headerReferences(names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function withExamples(content: Content, examples: Readonly<Record<string, unknown>> = {}): Content {
  const values = Object.entries(examples).map(([name, value]) => [name, { value }]);
  if (values.length === 0) return content;
  const media = Object.entries(content).map(([type, it]) => [
    type,
    { ...it, examples: Object.fromEntries(values) as object },
  ]);
  return Object.fromEntries(media) as Content;
}

function headers() {
  const required = true;
  return {
    ETag: {
      description:
        'The revision, strong; of an order whose customer is known, with the customer’s own after a dot; of one that ' +
        'stands still at an event that cannot be read, with `.stalled` at its end',
      required,
      schema: { type: 'string', pattern: '^"\\d+(?:\\.\\d+)?(?:\\.stalled)?"$' },
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
    'Accept-Encoding': {
      description: 'How a body may be encoded, when it was compressed',
      schema: { type: 'string' },
      example: 'identity',
    },
    'WWW-Authenticate': {
      description: 'What is asked for (RFC 6750 §3)',
      required,
      schema: { type: 'string', pattern: '^Bearer' },
      example: 'Bearer error="invalid_token"',
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
  } as const;
}
