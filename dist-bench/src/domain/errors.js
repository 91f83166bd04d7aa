/** A rule of the domain refused the command; `message` is the sentence a caller sees. */
export class DomainError extends Error {
    name = 'DomainError';
}
/** A new order breaks a rule of `place`; `field` is the part of the command that does. */
export class InvalidOrderError extends DomainError {
    name = 'InvalidOrderError';
    field;
    constructor(message, field) {
        super(message);
        this.field = field;
    }
}
