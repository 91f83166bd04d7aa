import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { parseArgs } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';

/**
 * Generates the types of a client from openapi/openapi.json, or the document that `--document` names, and type-checks
 * program.ts with them. Ends with 1 when it does not fit them, and says where.
 */
const { values } = parseArgs({ options: { document: { type: 'string' } } });
const inProject = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const document = values.document ?? inProject('openapi/openapi.json');

const folder = mkdtempSync(join(tmpdir(), 'pizzeria-client-'));
try {
  writeFileSync(join(folder, 'generated.d.ts'), astToString(await openapiTS(pathToFileURL(document))));
  copyFileSync(inProject('test/client/program.ts'), join(folder, 'program.ts'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const config = {
    extends: inProject('tsconfig.json'),
    compilerOptions: { types: [], lib: ['es2023'] },
    include: ['program.ts'],
    exclude: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = inProject('node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--project', folder], { encoding: 'utf8' });
  process.stdout.write(status === 0 ? 'the client fits\n' : stdout);
  process.exitCode = status === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
