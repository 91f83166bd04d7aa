import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './docs/markdown.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Packages with an install script, and why they do without it. */
const SCRIPTS = {
  'cpu-features': 'optional for ssh2',
  protobufjs: 'only compares versions',
  ssh2: 'builds a faster cipher; testcontainers uses it for engines behind SSH only',
};

test('npm ci runs no install script, and no package that has one needs it', () => {
  expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  const { packages } = JSON.parse(read('package-lock.json')) as {
    readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
  };
  const found = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(found.map(([path]) => path.replace(/^.*node_modules\//, '')).sort()).toEqual(Object.keys(SCRIPTS).sort());
});

test('no script of the project’s own waits for another one, which npm would leave out', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  const names = Object.keys(scripts);
  const hooks = names.filter(
    (name) =>
      /^(pre|post)?(install|prepare|publish)|^prepublishOnly$/.test(name) ||
      names.some((other) => name === `pre${other}` || name === `post${other}`),
  );
  expect(hooks).toEqual([]);
});
