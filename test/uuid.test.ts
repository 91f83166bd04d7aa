import fc from 'fast-check';
import { expect, it } from 'vitest';
import { v5 } from 'uuid';
import { uuidV5 } from '../src/uuid.ts';

it('gives the UUID that the usual package gives, for any name and namespace', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.uuid(), (name, namespace) => {
      expect(uuidV5(name, namespace)).toBe(v5(name, namespace));
    }),
    { numRuns: 1000 },
  );
});

it('gives the example of RFC 9562', () => {
  expect(uuidV5('www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
});
