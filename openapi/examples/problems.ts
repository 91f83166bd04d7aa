import {
  ConcurrentModificationError,
  IdempotencyKeyReusedError,
  StaleRevisionError,
  type Subject,
} from '../../src/commands/errors.ts';
import { rolesIn, ruleOf } from '../../src/access/rules.ts';
import { fieldProblem, problem, type ProblemDetails, storeAway } from '../../src/http/problems/catalogue.ts';
import { toProblem } from '../../src/http/problems/errors.ts';
import { ruledOut } from '../../src/http/requests/preconditions.ts';

/** Examples of problems that an operation can end in, by name; each is made as the service itself makes it. */
export type ProblemExamples = Readonly<Record<string, ProblemDetails>>;

/** A field that breaks the schema of a part of the request. */
export function wrongField(part: 'body' | 'params' | 'querystring', pointer: string, detail: string): ProblemDetails {
  return problem('bad-request', `${part} ${pointer} ${detail}`, { errors: [{ pointer, detail }] });
}

/** A field that the route itself refuses. */
export function refusedField(pointer: string, detail: string): ProblemDetails {
  return fieldProblem('bad-request', pointer, detail);
}

export function concurrentChange(subject: Subject): ProblemDetails {
  return toProblem(new ConcurrentModificationError(subject));
}

export function keyReused(): ProblemDetails {
  return toProblem(new IdempotencyKeyReusedError());
}

export const gone = problem('gone');

/** Problems of a change of something that is there. */
export function changeProblems(subject: Subject): ProblemExamples {
  const stale = new StaleRevisionError(0, subject);
  return { gone, concurrentChange: concurrentChange(subject), stale: toProblem(stale), keyReused: keyReused() };
}

/** Problems that any operation can end in, whatever it does. */
export function generalProblems(method: string, path: string): ProblemExamples {
  const rule = ruleOf(method, path.replaceAll(/{(\w+)}/g, ':$1'));
  return {
    ...(rule !== undefined &&
      rule !== 'anyone' && {
        unauthenticated: problem('unauthenticated'),
        forbidden: problem('forbidden', `This takes one of the roles ${rolesIn(rule)}.`),
      }),
    wrongHost: problem('bad-request', 'There must be one Host header, with a host in it.'),
    ...(method !== 'GET' && {
      malformed: problem('bad-request', "Body is not valid JSON but content-type is set to 'application/json'"),
      tooSlow: problem('request-timeout'),
      tooLarge: problem('body-too-large', 'Request body is too large'),
      unsupported: problem('unsupported-media-type'),
      stale: ruledOut,
    }),
    tooMany: problem('too-many-requests', undefined, { retryAfter: 30 }),
    unexpected: problem('unexpected'),
    unavailable: storeAway(method, path),
  };
}
