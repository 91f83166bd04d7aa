import { eventSchemas } from "../../eventstoredb/event-schemas.js";
import { upcasters } from "../../eventstoredb/upcasters.js";
import { answers } from "../answers.js";
import { EventCatalogue, ref } from "../schemas/schemas.js";
/** Every event type with its versions, their JSON Schemas, and the upcasters between them. */
export const catalogueRoutes = (app, _, done) => {
    const catalogue = eventCatalogue();
    app.get('/events/catalogue', {
        schema: {
            tags: ['Operations'],
            operationId: 'eventCatalogue',
            summary: 'Every event type, its versions, their JSON Schemas, and the upcasters between them',
            response: answers({ 200: ref(EventCatalogue) }, [429, 503]),
        },
    }, () => catalogue);
    done();
};
export function eventCatalogue() {
    const types = Object.keys(eventSchemas);
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
function eventSchema(type, version, schema) {
    return {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: `${type}.v${version}.json`,
        title: `${type} v${version}`,
        ...schema,
    };
}
