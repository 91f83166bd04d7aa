import type { ProblemExamples } from './problems.ts';

export interface AnswerDocumentation {
  readonly description: string;
  /** Headers of its own, by their names. */
  readonly headers?: readonly ('ETag' | 'Location' | 'Retry-After')[];
  readonly examples?: Readonly<Record<string, unknown>>;
}

export type ParameterExample = string | number | boolean;

/** What the document says of an operation besides its schemas. */
export interface OperationDocumentation {
  /** Examples of parameters by name; those of all operations are in `parameterExamples`. */
  readonly parameters?: Readonly<Record<string, ParameterExample>>;
  readonly bodies?: Readonly<Record<string, unknown>>;
  readonly answers: Readonly<Record<number, AnswerDocumentation>>;
  /** Those of its own, beside the ones that any operation can end in. */
  readonly problems?: ProblemExamples;
  /** Which of these it cannot end in. */
  readonly without?: readonly string[];
}

/** By operation id. */
export type OperationDocumentations = Readonly<Record<string, OperationDocumentation>>;
