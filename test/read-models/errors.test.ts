import { MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { isUnavailable, readAgainIfReplaced } from '../../src/read-models/errors.ts';

const bulkWriteError = (error: ConstructorParameters<typeof MongoBulkWriteError>[0]) =>
  new MongoBulkWriteError(error, { insertedCount: 0 } as never);
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
