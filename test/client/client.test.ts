import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pizzeria-document-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function check(...args: readonly string[]) {
  return spawnSync(process.execPath, [inProject('test/client/check.js'), ...args], { encoding: 'utf8' });
}

test('the typed client, generated from the committed document, fits the program', () => {
  const { status, stdout, stderr } = check();
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'the client fits\n', stderr: '' });
});

test('the typed client, generated from a document with another name for a field, is refused with its place', () => {
  const document = join(folder, 'openapi.json');
  const text = readFileSync(inProject('openapi/openapi.json'), 'utf8');
  writeFileSync(document, text.replaceAll('"totalAmount"', '"total"'));
  const { status, stdout } = check('--document', document);
  expect(status).toBe(1);
  expect(stdout).toMatch(/program\.ts\(\d+,\d+\): error TS\d+: .*totalAmount/);
});
