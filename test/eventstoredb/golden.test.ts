import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type DomainEvent, streamSuffix } from '../../src/eventstoredb/aggregates.ts';
import { decodeEvent, encodeEvent, validationError } from '../../src/eventstoredb/codec.ts';
import { eventSchemas, type EventTypeName } from '../../src/eventstoredb/event-schemas.ts';
import { recorded } from './recorded.ts';

/** A stored event as it was written, and what it must be read as. The files are never edited, only added. */
interface Golden {
  readonly type: EventTypeName;
  readonly schemaVersion: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly $correlationId: string; readonly $causationId: string; readonly actor: string };
  readonly event: DomainEvent;
}

const folder = new URL('golden/', import.meta.url);
const files = readdirSync(folder).sort();
const versions = Object.entries(eventSchemas).flatMap(([type, schemas]) =>
  schemas.map((_, index) => ({ file: `${type}.v${index + 1}.json`, isNewest: index + 1 === schemas.length })),
);
const newest = versions.filter(({ isNewest }) => isNewest).map(({ file }) => file);
const golden = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Golden;

describe('golden files', () => {
  it('are there, for every version of every event, and for nothing else', () => {
    expect(files).toEqual(versions.map(({ file }) => file).sort());
  });

  it.each(files)('hold, in %s, the type and version of the name, with data of that schema', (file) => {
    const { type, schemaVersion, data, metadata } = golden(file);
    expect(file).toBe(`${type}.v${schemaVersion}.json`);
    expect(metadata).toMatchObject({ schemaVersion });
    expect(validationError(type, schemaVersion, data)).toBeUndefined();
  });

  it.each(files)('are read, from %s, as the event beside them', (file) => {
    const { type, data, metadata, event } = golden(file);
    const stream = streamSuffix(event) ?? '';
    const stored = decodeEvent(recorded({ type, stream, data, metadata }));
    expect(stored.event).toStrictEqual(event);
    expect(stored.metadata).toStrictEqual(metadata);
  });

  it.each(newest)('are written, for %s, as they were when the version was new', (file) => {
    const { data, metadata, event } = golden(file);
    const proposed = encodeEvent(event, '11111111-1111-4111-8111-111111111111', metadata);
    expect(JSON.parse(proposed.data)).toEqual(data);
    expect(JSON.parse(proposed.metadata)).toEqual(metadata);
  });
});
