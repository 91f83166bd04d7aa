import { MongoBulkWriteError, MongoExpiredSessionError, MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { isOnlyDuplicates, isUnavailable, readAgainIfReplaced } from '../../src/read-models/errors.ts';

const bulkWriteError = (error: ConstructorParameters<typeof MongoBulkWriteError>[0], writeConcernCode?: number) =>
  new MongoBulkWriteError(error, {
    getWriteConcernError: () => (writeConcernCode === undefined ? undefined : { code: writeConcernCode }),
  } as never);
const partly = (...codes: readonly number[]) => ({
  message: 'E11000',
  code: codes[0] ?? 0,
  writeErrors: codes.map((code) => ({ code })) as never,
});
const networkError = () => new MongoNetworkError('connection 3 closed') as unknown as Error;
const nodeError = (code: string) => Object.assign(new Error(`write ${code}`), { code, syscall: 'write' });

describe('an outage of MongoDB', () => {
  test.each([
    ['a lost connection', networkError()],
    ['a bulk write that lost its connection', bulkWriteError(networkError())],
    ['a bulk write after the server’s FIN', bulkWriteError(nodeError('EPIPE'))],
    ['an error of the socket, not wrapped', nodeError('EPIPE')],
    ['a reset', nodeError('ECONNRESET')],
    ['a server that is no longer primary', new MongoServerError({ message: 'not primary', code: 10107 })],
    ['a bulk write to a server that steps down', bulkWriteError({ message: 'stepped down', code: 189 })],
    ['a bulk write, interrupted after a duplicate', bulkWriteError(partly(11000, 11602))],
    ['a bulk write with a duplicate, not replicated before a step-down', bulkWriteError(partly(11000), 189)],
    ['a write that was not replicated in time', new MongoServerError({ message: 'waiting for replication', code: 64 })],
    ['a cursor whose collection was replaced', new MongoServerError({ message: 'cursor not found', code: 43 })],
    ['an update whose collection was replaced', new MongoServerError({ message: 'plan killed', code: 175 })],
    ['a session that ended with its client', new MongoExpiredSessionError()],
    ['a password that is not taken', new MongoServerError({ message: 'Authentication failed', code: 18 })],
    ['a user who may not read', new MongoServerError({ message: 'not authorized', code: 13 })],
    ['a connection that was not agreed on', new MongoServerError({ message: 'no', errorLabels: ['HandshakeError'] })],
    ['a node that another one does not reach', new MongoServerError({ message: 'no route', code: 6 })],
  ])('%s, is taken for one', (_, error) => {
    expect(isUnavailable(error)).toBe(true);
  });

  test.each([
    ['a duplicate key', bulkWriteError({ message: 'E11000', code: 11000 })],
    ['a command that the server refuses', new MongoServerError({ message: 'bad value', code: 2 })],
    ['a bug', new TypeError('x is not a function')],
    ['a file that is missing', nodeError('ENOENT')],
  ])('%s, is none', (_, error) => {
    expect(isUnavailable(error)).toBe(false);
  });
});

describe('a bulk write that found duplicates', () => {
  test('only, has done what it should', () => {
    expect(isOnlyDuplicates(bulkWriteError(partly(11000, 11000)))).toBe(true);
  });

  test.each([
    ['and another error', bulkWriteError(partly(11000, 2))],
    ['and was not replicated', bulkWriteError(partly(11000), 64)],
    ['and lost its connection', Object.assign(bulkWriteError(networkError()), partly(11000))],
    ['none at all', bulkWriteError({ message: 'bad value', code: 2 })],
  ])('%s, has not', (_, error) => {
    expect(isOnlyDuplicates(error)).toBe(false);
  });
});

describe('a read of a collection that is replaced', () => {
  test.each([43, 175, 237])('ended with code %i, is made again', async (code) => {
    const answers = [() => Promise.reject(new MongoServerError({ message: 'killed', code })), () => Promise.resolve(1)];
    expect(await readAgainIfReplaced(() => answers.shift()?.() ?? Promise.resolve(2))).toBe(1);
  });

  test('ended with another code, fails with it', async () => {
    const refused = new MongoServerError({ message: 'bad value', code: 2 });
    await expect(readAgainIfReplaced(() => Promise.reject(refused))).rejects.toBe(refused);
  });
});
