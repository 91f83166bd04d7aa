import type { AllStreamResolvedEvent } from '@eventstore/db-client';
import { eventTypeFilter } from '@eventstore/db-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { isEmbedded, record, testEvents, unique, until, useStore } from './support.ts';

const store = useStore();
const stream = unique('regex');
const LAST = `Last-${stream}`;
const TYPES = ['Rabc', 'RABC', 'Rabc\n', 'R1', 'R٣', 'Rß', 'R_x', 'R x', 'R🍕', 'R.', 'Ra-b', 'Rc\r\nd', 'R\u212a'];

beforeAll(async () => {
  for (const type of [...TYPES, LAST]) await store.client.appendToStream(stream, testEvents(1, type));
});

/** The types that a filter lets through; a last one, which it lets through too, tells when all have come. */
async function matched(regex: string): Promise<string[]> {
  const [, options = '', body = ''] = /^(\(\?\w+\))?(.*)$/su.exec(regex) ?? [];
  const filter = eventTypeFilter({ regex: `${options}(?:${body})|^${LAST}$` });
  const subscription = store.client.subscribeToAll({ fromPosition: 'start', filter });
  const recording = record<AllStreamResolvedEvent>(subscription);
  await until(`${regex} has let all through`, () => {
    if (recording.errors[0] instanceof Error) throw recording.errors[0];
    return recording.events.some(({ event }) => event?.type === LAST);
  });
  await subscription.unsubscribe();
  const ours = recording.events.filter(({ event }) => event?.streamId === stream);
  return ours.map(({ event }) => event?.type ?? '').filter((type) => type !== LAST);
}

describe('a regular expression of a filter', () => {
  it.each([
    ['^Rabc$', ['Rabc', 'Rabc\n']],
    ['^Rabc\\z', ['Rabc']],
    ['\\ARabc\\Z', ['Rabc', 'Rabc\n']],
    ['(?i)^rabc$', ['Rabc', 'RABC', 'Rabc\n']],
    ['(?i)^rk$', ['R\u212a']],
    ['(?s)^Rc.*d$', ['Rc\r\nd']],
    ['^Rc.*d$', []],
    ['^R\\d$', ['R1', 'R٣']],
    ['^R[\\d_]', ['R1', 'R٣', 'R_x']],
    ['^R\\w\\z', ['R1', 'R٣', 'Rß', 'R\u212a']],
    ['^R\\W', ['R x', 'R🍕', 'R.']],
    ['^R\\s', ['R x']],
    ['^R.\\z', ['R1', 'R٣', 'Rß', 'R.', 'R\u212a']],
    ['^R..\\z', ['R_x', 'R x', 'R🍕']],
    ['^R\\p{Nd}', ['R1', 'R٣']],
    ['^R[^\\x00-\\x7f]', ['R٣', 'Rß', 'R🍕', 'R\u212a']],
    ['^Ra\\-b', ['Ra-b']],
    ['^R(?<middle>x|\\.)$', ['R.']],
    ['(?<=R)abc\\z', ['Rabc']],
    ['^R[a-c]{3}?\\z', ['Rabc']],
    ['c\\b', ['Rabc', 'Rabc\n', 'Rc\r\nd']],
  ])('%j, means what it means in .NET', async (regex, types) => {
    expect(await matched(regex)).toEqual(types);
  });

  it.each(['(', '*', '[', 'a++', '\\', '\\q', 'R\\_', '\\u{61}', '[b-a]', 'a{2,1}', '[^]', '\\p{Foo}'])(
    '%j, which is none in .NET, is refused',
    async (regex) => {
      await expect(matched(regex)).rejects.toBeInstanceOf(Error);
    },
  );

  it.runIf(isEmbedded).each(['(?i:r)abc', '(?x) R', '(?>R)a', '(a)\\1', '[a-z-[b]]', '[]a]', '\\G', 'R{', '(?#c)R'])(
    '%j, which would mean something else here, is refused as an invalid argument',
    async (regex) => {
      await expect(matched(regex)).rejects.toMatchObject({ code: 3 });
    },
  );
});
