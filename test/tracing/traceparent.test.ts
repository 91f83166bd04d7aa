import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linksTo } from '../../src/tracing/trace.ts';
import { formatTraceparent, parseTraceparent } from '../../src/tracing/traceparent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('parseTraceparent', () => {
  it.each([
    ['sampled', `00-${TRACE}-${SPAN}-01`, 1],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, 0],
    ['with flags that are not known', `00-${TRACE}-${SPAN}-fe`, 0],
    ['with flags that are not known, and sampled', `00-${TRACE}-${SPAN}-03`, 1],
    ['of a version to come', `01-${TRACE}-${SPAN}-01`, 1],
    ['of a version to come that says more', `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, 1],
  ])('of a context that is %s, gives it', (_, text, traceFlags) => {
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
  });

  it.each([
    ['nothing', undefined],
    ['no text', 42],
    ['an empty text', ''],
    ['garbage', 'garbage'],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version 00 that says more', `00-${TRACE}-${SPAN}-01-more`],
    ['a version to come that is longer without a dash', `01-${TRACE}-${SPAN}-01more`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['an id that is too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['blanks around it', ` 00-${TRACE}-${SPAN}-01 `],
    ['two headers, as Node joins them', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['a line break', `00-${TRACE}-${SPAN}-01\n`],
    ['a version to come with 10 KB behind it but no dash', `01-${TRACE}-${SPAN}-01${'x'.repeat(10_000)}`],
  ])('of %s, gives nothing', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  const id = (bytes: number) =>
    fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((some) => Buffer.from(some).toString('hex'))
      .filter((hex) => !/^0+$/.test(hex));

  it('any context, written and read, is what it was', () => {
    fc.assert(
      fc.property(id(16), id(8), fc.constantFrom(0, 1), (traceId, spanId, traceFlags) => {
        const context = { traceId, spanId, traceFlags };
        expect(parseTraceparent(formatTraceparent(context))).toEqual({ ...context, isRemote: true });
      }),
    );
  });

  it('any text gives a context that is never of zeros, or nothing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\da-f]{2}-[\da-f]{31,33}-[\da-f]{15,17}-[\da-f]{2}.?$/), (text) => {
        const { traceId = '1', spanId = '1' } = parseTraceparent(text) ?? {};
        expect([traceId, spanId].filter((found) => /^0+$/.test(found))).toEqual([]);
      }),
    );
  });
});

describe('linksTo', () => {
  const at = (index: number, flags: string) => `00-${TRACE}-${(index + 1).toString(16).padStart(16, '0')}-${flags}`;

  it('of events of the same command, and of some that have no context, has one link for each context', () => {
    const { links, omitted } = linksTo([at(0, '01'), undefined, at(0, '01'), 'garbage', at(1, '00')]);
    expect({ spans: links.map(({ context }) => formatTraceparent(context)), omitted }).toEqual({
      spans: [at(0, '01'), at(1, '00')],
      omitted: 0,
    });
  });

  it('of more contexts than fit, has 128 links, those first that are recorded, and a count of the rest', () => {
    const contexts = Array.from({ length: 4000 }, (_, index) => at(index, index % 40 === 39 ? '01' : '00'));
    const { links, omitted } = linksTo(contexts);
    expect({ links: links.length, omitted }).toEqual({ links: 128, omitted: 3872 });
    expect(links.filter(({ context }) => context.traceFlags === 1)).toHaveLength(100);
  });
});
