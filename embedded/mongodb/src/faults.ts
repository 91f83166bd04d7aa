import { errorReply, type runCommand } from './dispatch.ts';
import { MongoError } from './errors.ts';

/** Faults of a real server that this one shows on request, for tests. */
export const FAULTS: readonly string[] = ['step-down'];

const writes = new Set(
  'insert update delete create drop dropDatabase renameCollection createIndexes dropIndexes'.split(' '),
);

/** A replica set of one: after `replSetStepDown: seconds` it is a secondary for so long, which reads but doesn't write. */
export function stepDownOnRequest(run: typeof runCommand): typeof runCommand {
  let steppedDownUntil = 0;
  return (request, context) => {
    if (request instanceof MongoError) return run(request, context);
    const secondary = context.now() < steppedDownUntil;
    if (request.name === 'replSetStepDown') {
      steppedDownUntil = context.now() + Number(request.body['replSetStepDown']) * 1000;
      return { ok: 1 };
    }
    if (secondary && writes.has(request.name)) return errorReply(new MongoError(10107, 'not primary'));
    const reply = run(request, context);
    if (reply['topologyVersion'] === undefined) return reply; // no hello
    return { ...reply, setName: 'rs0', isWritablePrimary: !secondary, ismaster: !secondary, secondary };
  };
}
