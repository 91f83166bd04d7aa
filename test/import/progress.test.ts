import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';
import { ordersOf } from '../../src/import/run.ts';

function written(isTTY: boolean): string {
  const out = Object.assign(new PassThrough(), { isTTY, cursorTo: () => true, clearLine: () => true });
  const progress = createProgress(out, ordersOf(2500));
  for (let done = 1; done <= 2500; done += 1) progress.update(done);
  progress.stop();
  return String(out.read(out.readableLength)); // without a length, Node 26 gives only the first chunk
}

describe('progress', () => {
  it('elsewhere than on a terminal is a plain line every thousand orders', () => {
    expect(written(false)).toBe('1000 of 2500 orders\n2000 of 2500 orders\n');
  });

  it('on a terminal is a bar that ends full', () => {
    const text = written(true);
    expect(text).toContain('100% | 2500/2500 orders');
    expect(text).not.toContain('2000 of 2500');
  });
});
