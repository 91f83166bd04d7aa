import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createSerializer } from '../../src/commands/serialize.ts';
import { EventStoreUnavailableError } from '../../src/eventstoredb/errors.ts';

/** Far longer than any task here takes. */
const LONG_MS = 60_000;

describe('createSerializer', () => {
  it('runs tasks of one key one after another, in the order in which they came', async () => {
    const { serialize, tasks, begun } = scene();
    const [a, b, c] = [tasks('a'), tasks('b'), tasks('c')];
    const all = [serialize('order', a.run), serialize('order', b.run), serialize('order', c.run)];
    expect(begun).toEqual(['a']);
    a.end('from a');
    await expect(all[0]).resolves.toBe('from a');
    expect(begun).toEqual(['a', 'b']);
    b.end();
    await all[1];
    expect(begun).toEqual(['a', 'b', 'c']);
    c.end();
    await all[2];
  });

  it('runs tasks of other keys side by side', () => {
    const { serialize, tasks, begun } = scene();
    void serialize('one', tasks('a').run);
    void serialize('other', tasks('b').run);
    expect(begun).toEqual(['a', 'b']);
  });

  it('goes on after a task that failed, whose caller has the error', async () => {
    const { serialize, tasks, begun } = scene();
    const [a, b] = [tasks('a'), tasks('b')];
    const first = serialize('order', a.run);
    const second = serialize('order', b.run);
    a.fail(new RangeError('no'));
    await expect(first).rejects.toThrow(new RangeError('no'));
    expect(begun).toEqual(['a', 'b']);
    b.end('from b');
    await expect(second).resolves.toBe('from b');
  });

  it.each(['ended', 'failed'])('keeps nothing of a task that has %s: the next begins in the same turn', async (how) => {
    const { serialize, tasks, begun } = scene();
    const a = tasks('a');
    const first = serialize('order', a.run);
    if (how === 'ended') a.end();
    else a.fail(new Error('no'));
    await Promise.allSettled([first]);
    void serialize('order', tasks('b').run);
    expect(begun).toEqual(['a', 'b']);
  });

  it('does not forget who waits when the one before has ended', async () => {
    const { serialize, tasks, begun } = scene();
    const [a, b] = [tasks('a'), tasks('b')];
    const first = serialize('order', a.run);
    void serialize('order', b.run);
    a.end();
    await first;
    void serialize('order', tasks('c').run);
    expect(begun).toEqual(['a', 'b']);
  });

  it('begins nothing for a caller that has been answered, and tells a task that it runs for nobody', async () => {
    const { serialize, tasks, begun } = scene(20);
    const a = tasks('a');
    let stillWanted: () => void = () => undefined;
    const first = serialize('order', (asked) => {
      stillWanted = asked;
      stillWanted();
      return a.run();
    });
    const second = serialize('order', tasks('b').run);
    const late = new EventStoreUnavailableError('no answer from the event store within 20 ms');
    await expect(first).rejects.toThrow(late);
    await expect(second).rejects.toThrow(late);
    expect(stillWanted).toThrow(new EventStoreUnavailableError('the command came too late'));
    a.end();
    await serialize('order', () => Promise.resolve());
    expect(begun).toEqual(['a']);
  });
});

function scene(timeLimitMs = LONG_MS) {
  const begun: string[] = [];
  const tasks = (name: string) => {
    const ended = new EventEmitter();
    const run = async () => {
      begun.push(name);
      const [value] = (await once(ended, 'end')) as [string | undefined];
      return value;
    };
    return {
      run,
      end: (value?: string) => ended.emit('end', value),
      fail: (error: Error) => ended.emit('error', error),
    };
  };
  return { serialize: createSerializer(timeLimitMs), tasks, begun };
}
