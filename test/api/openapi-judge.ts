import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';

export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Examples of the request's body by name; none when it takes no body. */
  readonly bodies: Readonly<Record<string, unknown>>;
  readonly answers: readonly DocumentedAnswer[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema?: { readonly type?: unknown };
  /** As the document has it, or says it. */
  readonly example?: unknown;
}

export interface DocumentedAnswer {
  readonly status: number;
  readonly mediaTypes: readonly string[];
  readonly examples: readonly { readonly mediaType: string; readonly name: string; readonly value: unknown }[];
  /** Pointers to the headers' definitions, by name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What a server answered, as `inject` gives it. */
export interface ActualAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

interface Media {
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface DocumentedOperation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly headers?: Readonly<Record<string, { readonly $ref: string }>>;
        readonly content?: Readonly<Record<string, Media>>;
      }
    >
  >;
}
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: {
    readonly headers: Readonly<Record<string, { readonly required?: boolean; readonly schema: { type: string } }>>;
  };
}

/** Headers that mean something to a caller: one of them in an answer that the document does not have is a mistake. */
const TELLING = ['etag', 'location', 'retry-after', 'allow', 'x-request-id'];
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Every operation of the document. */
export function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody, responses }]) => ({
      operationId,
      method: method.toUpperCase(),
      path,
      parameters: parameters.map((parameter) => ({ example: exampleInWords(parameter), ...parameter })),
      bodies: Object.fromEntries(
        examplesIn(requestBody?.content ?? {}).map(({ name, value }) => [name, value] as const),
      ),
      answers: Object.entries(responses).map(([status, { headers = {}, content = {} }]) => ({
        status: Number(status),
        mediaTypes: Object.keys(content),
        examples: examplesIn(content),
        headers: new Map(Object.entries(headers).map(([name, { $ref }]) => [name.toLowerCase(), $ref])),
      })),
    })),
  );
}

/** Of a parameter that a page must not fill in. */
function exampleInWords({ description = '', schema }: Parameter): unknown {
  const text = /Example: `(.*)`$/.exec(description)?.[1];
  const isText = schema?.type === 'string';
  return !isText && /^(?:\d+|true|false)$/.test(text ?? '') ? JSON.parse(text ?? '') : text;
}

function examplesIn(content: Readonly<Record<string, Media>>) {
  return Object.entries(content).flatMap(([mediaType, { examples = {} }]) =>
    Object.entries(examples).map(([name, { value }]) => ({ mediaType, name, value })),
  );
}

/**
 * Judges requests and answers by the document alone. Every object of an answer is taken as closed: a property that the
 * document does not name is a mistake.
 */
export function createJudge(document: OpenApiDocument) {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: {
      uuid: UUID,
      date: DATE,
      'date-time': RFC_3339,
    },
  });
  ajv.addSchema(document, 'open');
  ajv.addSchema(closed(document) as object, 'closed');
  const compiled = new Map<string, ValidateFunction>();

  return { mistakesInAnswer, mistakesInExample, mistakesInBody, mistakesInParameter };

  /** What of an answer is not as the document says; empty when all is. */
  function mistakesInAnswer(operation: Operation, { statusCode, headers, body }: ActualAnswer): string[] {
    const answer = operation.answers.find(({ status }) => status === statusCode);
    if (!answer) return [`the status ${statusCode} is not documented; it came with ${body}`];
    const undocumented = TELLING.filter((name) => headers[name] !== undefined && !answer.headers.has(name));
    return [
      ...undocumented.map((name) => `the header ${name} is not documented`),
      ...[...answer.headers].flatMap(([name, pointer]) => mistakesInHeader(name, pointer, headers[name])),
      ...mistakesInContent(operation, answer, headers['content-type'], body),
    ];
  }

  function mistakesInContent(operation: Operation, answer: DocumentedAnswer, contentType: unknown, body: string) {
    if (answer.mediaTypes.length === 0) return body === '' ? [] : [`a body where none is documented: ${body}`];
    const mediaType = typeof contentType === 'string' ? (contentType.split(';', 1)[0] ?? '') : 'none';
    if (!answer.mediaTypes.includes(mediaType)) return [`the media type ${mediaType} is not documented`];
    const value: unknown = mediaType.endsWith('json') ? JSON.parse(body) : body;
    return mistakesInExample(operation, answer.status, mediaType, value);
  }

  function mistakesInExample(operation: Operation, status: number, mediaType: string, value: unknown): string[] {
    return validate(
      'closed',
      [...pathOf(operation), 'responses', String(status), 'content', mediaType, 'schema'],
      value,
    );
  }

  function mistakesInBody(operation: Operation, value: unknown): string[] {
    return validate('open', [...pathOf(operation), 'requestBody', 'content', 'application/json', 'schema'], value);
  }

  function mistakesInParameter(operation: Operation, { name, example }: Parameter): string[] {
    const index = operation.parameters.findIndex((parameter) => parameter.name === name);
    return validate('open', [...pathOf(operation), 'parameters', String(index), 'schema'], example);
  }

  function mistakesInHeader(name: string, pointer: string, value: unknown): string[] {
    const key = pointer.slice('#/components/headers/'.length);
    const definition = document.components.headers[key];
    if (!definition) return [`${pointer} leads nowhere`];
    if (value === undefined) return definition.required ? [`the header ${name} is missing`] : [];
    const typed = definition.schema.type === 'integer' ? Number(value) : value;
    return validate('open', ['components', 'headers', key, 'schema'], typed).map((mistake) => `${name}: ${mistake}`);
  }

  function validate(schema: 'open' | 'closed', path: readonly string[], value: unknown): string[] {
    const pointer = path.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const $ref = `${schema}#/${pointer}`;
    const check = compiled.get($ref) ?? ajv.compile({ $ref });
    compiled.set($ref, check);
    if (check(value)) return [];
    return (check.errors ?? []).map(
      ({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

function pathOf({ path, method }: Operation): string[] {
  return ['paths', path, method.toLowerCase()];
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, closed(child)]));
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}
