import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './markdown.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** What a container has of its own: its port, its stores, and what is for development. */
const OF_THE_CONTAINER = new Set([
  'PORT',
  'HOST',
  'NODE_ENV',
  'EVENTSTORE_URL',
  'MONGODB_URL',
  'DATA_DIR',
  'EMBEDDED_EVENTSTORE_PORT',
  'EMBEDDED_MONGODB_PORT',
]);

test('docker-compose.yml passes on every variable that .env may set', () => {
  const names = [...read('.env.example').matchAll(/^(?:# ?)?([A-Z][A-Z_]+)=/gm)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(20);
  const passed = new Set([...read('docker-compose.yml').matchAll(/^ {4}([A-Z_]+):/gm)].map(([, name]) => name));
  expect(names.filter((name) => !OF_THE_CONTAINER.has(name) && !passed.has(name))).toEqual([]);
});
