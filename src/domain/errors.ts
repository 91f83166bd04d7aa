/** A rule of the domain refused the command; `message` is the sentence a caller sees. */
export class DomainError extends Error {
  override readonly name: string = 'DomainError';
}

/** The order has no refund of that id. */
export class RefundNotFoundError extends DomainError {
  override readonly name = 'RefundNotFoundError';

  constructor(refundId: string) {
    super(`Refund ${refundId} not found`);
  }
}

/** A new order breaks a rule of `place`; `field` is the part of the command that does. */
export class InvalidOrderError extends DomainError {
  override readonly name = 'InvalidOrderError';
  readonly field: string;

  constructor(message: string, field: string) {
    super(message);
    this.field = field;
  }
}
