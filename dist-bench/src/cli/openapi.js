import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { buildApp } from "../http/app.js";
import { eventCatalogue } from "../http/routes/catalogue.js";
/**
 * Writes the OpenAPI document and the events' JSON Schemas into openapi/, or with `--check` says which of the files
 * there are not what the code says, and ends with 1.
 */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const files = await documents();
if (values.check) {
    const stale = [...files].filter(([file, content]) => readOrEmpty(file) !== content).map(([file]) => file);
    process.stdout.write(stale.length === 0 ? 'openapi/ is up to date\n' : `stale: ${stale.join(', ')}; run npm run openapi\n`);
    process.exitCode = stale.length === 0 ? 0 : 1;
}
else {
    for (const [file, content] of files) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
    }
}
async function documents() {
    // Only the routes' schemas are looked at: no route runs, so that none needs what it depends on.
    const dependencies = { log: pino({ level: 'silent' }), limits: { maxInFlight: 1 } };
    const app = await buildApp(dependencies);
    await app.ready();
    const openApi = app.swagger();
    await app.close();
    const schemas = eventCatalogue().events.flatMap(({ type, versions }) => versions.map(({ version, schema }) => [join('openapi', 'events', `${type}.v${version}.json`), toText(schema)]));
    return new Map([[join('openapi', 'openapi.json'), toText(openApi)], ...schemas]);
}
function toText(value) {
    return `${JSON.stringify(value, null, 2)}\n`;
}
function readOrEmpty(file) {
    try {
        return readFileSync(file, 'utf8');
    }
    catch (error) {
        if (error.code === 'ENOENT')
            return '';
        throw error;
    }
}
