import { setTimeout as delay } from 'node:timers/promises';
import { problem } from '../problems/catalogue.ts';
import { ProblemError } from '../problems/errors.ts';
import { GONE_REVISION } from '../../read-models/documents/stream-model.ts';
import { settleWithin } from '../../time-limit.ts';
import type { Pressure } from '../server/pressure.ts';

const WAIT_MS = 2000;
const PAUSE_MS = { first: 5, longest: 50 };

interface Projected {
  readonly revision: number;
  readonly stalled?: object;
}

/**
 * Finds a document, waiting up to two seconds for the projection to bring it to a revision. One whose projection is
 * stalled, or whose stream is gone, is given as it is: it will not get there, and says so.
 *
 * @param subject what the document is of, for the problem's detail: `order 1c2…`
 * @param minRevision undefined: whatever there is now
 * @throws ProblemError 503 when the projection does not get there in time
 */
export async function findAtRevision<Document extends Projected>(
  subject: string,
  minRevision: number | undefined,
  find: () => Promise<Document | undefined>,
  pressure: Pick<Pressure, 'awaitingReadModel'>,
): Promise<Document | undefined> {
  const isThere = (document: Document | undefined) =>
    minRevision === undefined ||
    (document && (document.revision >= minRevision || document.revision === GONE_REVISION || document.stalled));
  const until = performance.now() + WAIT_MS;
  let document = await find();
  if (isThere(document)) return document;
  const notYet = () => {
    const reached = `The read model is at revision ${document?.revision ?? 'none'} of ${subject}`;
    return new ProblemError(problem('not-yet-projected', `${reached}, not yet at ${minRevision ?? 0}`));
  };
  return pressure.awaitingReadModel(async () => {
    for (let pause = PAUSE_MS.first; ; pause = Math.min(pause * 2, PAUSE_MS.longest)) {
      if (performance.now() + pause > until) throw notYet();
      await delay(pause);
      document = await settleWithin(until - performance.now(), find(), notYet);
      if (isThere(document)) return document;
    }
  });
}
