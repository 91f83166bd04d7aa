import type { App } from './app.ts';
import type { Static } from 'typebox';
import { eventSchemas, type EventTypeName } from '../../eventstoredb/event-schemas.ts';
import { upcasters } from '../../eventstoredb/upcasters.ts';
import { ref } from '../schemas/common.ts';
import { EventCatalogue } from '../schemas/event-catalogue.ts';

/** Every event type with its versions, their JSON Schemas, and the upcasters between them. */
export function catalogueRoutes(app: App): void {
  const catalogue = eventCatalogue();
  app.get(
    '/events/catalogue',
    {
      schema: {
        tags: ['Operations'],
        operationId: 'eventCatalogue',
        summary: 'Every event type, its versions, their JSON Schemas, and the upcasters between them',
        response: { 200: ref(EventCatalogue) },
      },
    },
    () => catalogue,
  );
}

export function eventCatalogue(): Static<typeof EventCatalogue> {
  const types = Object.keys(eventSchemas) as EventTypeName[];
  return {
    events: types.map((type) => ({
      type,
      currentVersion: eventSchemas[type].length,
      versions: eventSchemas[type].map((schema, index) => ({
        version: index + 1,
        schema: eventSchema(type, index + 1, schema),
      })),
      upcasters: (upcasters[type] ?? []).map(({ description }, index) => ({
        from: index + 1,
        to: index + 2,
        description,
      })),
    })),
  };
}

/** The schema as a document of its own, as the files in openapi/events have it. */
function eventSchema(type: string, version: number, schema: object): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `${type}.v${version}.json`,
    title: `${type} v${version}`,
    ...schema,
  };
}
