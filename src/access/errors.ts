/** Why a caller is not let in. */
export type RefusalReason =
  | 'no-token'
  | 'ambiguous'
  | 'invalid-token'
  | 'expired'
  | 'cross-site'
  | 'issuer-away'
  | 'login-failed'
  | 'role'
  | 'not-own'
  | 'status';

/** A caller cannot be identified. The message is for the log and never holds what was sent. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
  readonly reason: RefusalReason;
  /** Seconds after which it may be otherwise. */
  readonly retryAfter: number | undefined;

  constructor(reason: RefusalReason, message: string, options?: ErrorOptions & { readonly retryAfter?: number }) {
    super(message, options);
    this.reason = reason;
    this.retryAfter = options?.retryAfter;
  }
}
