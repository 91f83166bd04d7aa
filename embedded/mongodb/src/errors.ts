/** MongoDB's error codes that this server uses, by MongoDB's own names. */
export const codes = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  InvalidBSON: 22,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  EmptyFieldName: 56,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  UnknownReplWriteConcern: 79,
  NotExactValueField: 111,
  InvalidPipelineOperator: 168,
  CannotIndexParallelArrays: 171,
  QueryPlanKilled: 175,
  InvalidIndexSpecificationOption: 197,
  NotImplemented: 238,
  QueryExceededMemoryLimitNoDiskUseAllowed: 292,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  OutOfDiskSpace: 14031,
} as const;

const names = new Map<number, string>(Object.entries(codes).map(([name, code]) => [code, name]));

/** An error that is answered to the client with MongoDB's code and codeName. */
export class MongoError extends Error {
  override readonly name = 'MongoError';
  readonly code: number;
  readonly extra: Readonly<Record<string, unknown>>;

  /** @param code one of `codes`, or the number of an assertion that MongoDB calls `Location…` */
  constructor(code: number, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.extra = extra;
  }

  get codeName(): string {
    return codeName(this.code);
  }
}

export function codeName(code: number): string {
  return names.get(code) ?? `Location${code}`;
}

export function badValue(message: string): MongoError {
  return new MongoError(codes.BadValue, message);
}

export function failedToParse(message: string): MongoError {
  return new MongoError(codes.FailedToParse, message);
}

export function typeMismatch(message: string): MongoError {
  return new MongoError(codes.TypeMismatch, message);
}

/** For what MongoDB can do and this server does not. */
export function notImplemented(what: string): MongoError {
  return new MongoError(codes.NotImplemented, `${what} is not supported by this server`);
}
