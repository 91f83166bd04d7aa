import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './docs/markdown.ts';

const src = join(ROOT, 'src');
const MOST_LINES = 300;
const MOST_FILES = 14;

/** What is in src, from top to bottom: each may import what is below it. */
const layers = [
  'main.ts',
  'import',
  'cli',
  'service.ts',
  'http',
  'access',
  'metrics.ts',
  'commands',
  'stores.ts',
  'servers.ts',
  'live',
  'read-models',
  'eventstoredb',
  'config.ts',
  'connection-strings.ts',
  'env-file.ts',
  'tracing',
  'domain',
  'log.ts',
  'signals.ts',
  'interruption.ts',
  'json-schema.ts',
  'time-limit.ts',
  'uuid.ts',
];

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(sep, '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const textOf = (file: string) => readFileSync(join(src, file), 'utf8');
/** Imports of other files of src: [importer, imported]. */
const imports = files.flatMap((file) =>
  [...textOf(file).matchAll(/(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'/gm)].map(
    ([, target = '']) => [file, join(dirname(file), target).replaceAll(sep, '/')] as const,
  ),
);
const folders = ['', ...new Set(files.flatMap(parents))];

/** `a/b/c.ts` → `a`, `a/b`. */
function parents(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** The part of a path right under a folder; undefined when it lies elsewhere. */
function entryIn(folder: string, path: string): string | undefined {
  if (folder === '') return path.split('/', 1)[0];
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/', 1)[0] : undefined;
}

/** What the files and folders right under a folder import of each other. */
function graphOf(folder: string): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [importer, imported] of imports) {
    const [from, to] = [entryIn(folder, importer), entryIn(folder, imported)];
    if (from === undefined || to === undefined || from === to) continue;
    graph.set(from, (graph.get(from) ?? new Set()).add(to));
  }
  return graph;
}

function cyclesIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]) => {
    if (path.includes(node)) cycles.push([...path.slice(path.indexOf(node)), node].join(' → '));
    else if (!done.has(node)) for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}

describe('src', () => {
  test('its imports, searched for, are there', () => {
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.filter(([, imported]) => !files.includes(imported))).toEqual([]);
  });

  test.each(folders)('/%s: the files and folders in it, followed by their imports, form no cycle', (folder) => {
    expect(cyclesIn(graphOf(folder))).toEqual([]);
  });

  test('its folders, compared with their order, import downwards only', () => {
    expect([...new Set(files.map((file) => file.split('/', 1)[0]))].sort()).toEqual([...layers].sort());
    const upwards = [...graphOf('')].flatMap(([from, targets]) =>
      [...targets].filter((to) => layers.indexOf(to) < layers.indexOf(from)).map((to) => `${from} → ${to}`),
    );
    expect(upwards).toEqual([]);
  });

  test('its files, counted by lines, are short, but for schemas and examples', () => {
    const long = files.filter(
      (file) => !/\/(schemas|examples)\//.test(file) && textOf(file).trimEnd().split('\n').length > MOST_LINES,
    );
    expect(long).toEqual([]);
  });

  test.each(folders)('/%s: the files in it are few enough to be seen at a glance', (folder) => {
    expect(files.filter((file) => (file.includes('/') ? dirname(file) : '') === folder).length).toBeLessThanOrEqual(
      MOST_FILES,
    );
  });

  test('a cycle, given as a graph, is found', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ]);
    expect(cyclesIn(graph)).toEqual(['b → c → b']);
  });
});
