import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import { pino } from 'pino';
import { type AppDependencies, buildApp } from '../src/http/app.ts';
import { eventCatalogue } from '../src/http/routes/catalogue.ts';
import { openApiInfo } from './document.ts';

/**
 * Writes the OpenAPI document and the events' JSON Schemas into openapi/, and the document's types for the pages into
 * web/api/, or with `--check` says which of the files
 * there are not what the code says, and ends with 1.
 */
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const files = await documents();
if (values.check) {
  const stale = [...files].filter(([file, content]) => readOrEmpty(file) !== content).map(([file]) => file);
  process.stdout.write(
    stale.length === 0
      ? 'what is made of the routes is up to date\n'
      : `stale: ${stale.join(', ')}; run npm run openapi\n`,
  );
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [file, content] of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

async function documents(): Promise<Map<string, string>> {
  // Only the routes' schemas are looked at: no route runs, so that none needs what it depends on.
  const dependencies = {
    log: pino({ level: 'silent' }),
    limits: { maxInFlight: 1 },
    pages: {},
  } as unknown as AppDependencies;
  const app = await buildApp(dependencies, openApiInfo);
  await app.ready();
  const openApi = app.swagger();
  await app.close();
  const schemas = eventCatalogue().events.flatMap(({ type, versions }) =>
    versions.map(
      ({ version, schema }) => [join('openapi', 'events', `${type}.v${version}.json`), toText(schema)] as const,
    ),
  );
  const types = astToString(await openapiTS(openApi as Parameters<typeof openapiTS>[0]));
  return new Map([
    [join('openapi', 'openapi.json'), toText(openApi)],
    [join('web', 'api', 'schema.ts'), types],
    ...schemas,
  ]);
}

function toText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
