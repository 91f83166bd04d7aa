import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../src/domain/events.ts';
import { anchorsOf, type Fence, linksOf, pages, ROOT } from './markdown.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

const all = pages();
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const openApi = JSON.parse(read('openapi/openapi.json')) as { paths: Record<string, Record<string, object>> };
const variables = parseEnv(read('.env.example'));

/** A page whose tour builds programs of the project first takes a while. */
const BUILT_WITHIN_MS = 180_000;

let service: ServiceProcess;
/** With the embedded issuer. */
let askingService: ServiceProcess;
beforeAll(async () => {
  [service, askingService] = await Promise.all([startServiceProcess(), startServiceProcess({ AUTH: 'dev' })]);
});
afterAll(async () => {
  await Promise.all([service.close(), askingService.close()]);
});

/**
 * Prints the status of each of curl's answers, and where each block begins, among what the blocks print. A status is
 * printed at once: curl writes it by the character, and what a block pipes on comes in between.
 */
function toScript(fences: readonly Fence[]): string {
  const curl = `curl() {
    local said code
    { said=$(command curl --max-time 10 -w '%{stderr}\\n@@status %{http_code}\\n' "$@" 2>&1 >&3); code=$?; } 3>&1
    printf '%s\\n' "$said" >&2
    return $code
  }`;
  return ['exec 2>&1', curl, ...fences.map(({ text }) => `echo; echo @@block\n${text}`)].join('\n');
}

describe.each(
  all
    .flatMap(({ file, fences }) =>
      [...new Set(fences.map(({ section }) => section))].map(
        (section) => [file, section, fences.filter((fence) => fence.section === section)] as const,
      ),
    )
    .filter(([, , fences]) => fences.some(({ language }) => language === 'sh')),
)('%s, %s', (_, __, inSection) => {
  const fences = inSection.filter(({ language }) => language === 'sh');
  const asks = inSection.some(({ text }) => text.includes('AUTH=dev npm start'));
  let outputs: string[];
  beforeAll(async () => {
    const running = asks ? askingService : service;
    const { output } = await running.run('bash', ['-c', toScript(fences)], asks ? ROOT : undefined);
    outputs = output.split('\n@@block\n').slice(1);
  }, BUILT_WITHIN_MS);

  test.each(fences.map(({ text, prose }, index) => [prose, text, index] as const))(
    'the block after "%s", run as it stands, does what the text says',
    (prose, text, index) => {
      const output = outputs[index] ?? '';
      const statuses = [...output.matchAll(/@@status (\d+)/g)].map(([, status]) => status);
      expect(statuses, output).toHaveLength(text.match(/\bcurl -/g)?.length ?? 0);
      const promised = [...prose.matchAll(/`([1-5]\d\d)`/g)].map(([, status]) => status);
      if (promised.length > 0) expect(statuses, output).toEqual(promised);
      else for (const status of statuses) expect(status, output).toMatch(/^2/);
      for (const [, word = ''] of prose.matchAll(/`([A-Z_]{4,})`/g)) expect(output).toContain(word);
      if (!text.includes('curl -si')) return;
      for (const [, header = ''] of prose.matchAll(/`(ETag|Location)`/g)) {
        expect(output).toMatch(new RegExp(`^${header}: \\S+`, 'im'));
      }
    },
  );
});

describe('the programs that the pages name', () => {
  const lines = all
    .flatMap(({ fences }) => fences)
    .filter(({ language }) => language === '')
    .flatMap(({ text }) => text.split('\n'))
    .flatMap((line) => {
      const [, name = '', args = ''] = /^npm run (\S+)(?: -- (.*))?$/.exec(line) ?? [];
      const program = /node (dist\/(?:cli|import)\/\S+\.js)$/.exec(scripts[name] ?? '')?.[1];
      return program === undefined ? [] : [[line, program, args.split(' ').filter((arg) => arg !== '')] as const];
    });

  test.each(lines)('%s, run beside the service, ends well', async (_, program, args) => {
    const { code, output } = await service.run(process.execPath, [program, ...args], ROOT);
    expect(code, output).toBe(0);
  });

  test('the blocks without a language, searched for them, have some', () => {
    expect(lines.length).toBeGreaterThan(1);
  });
});

/** Names that look like variables of the service's environment, and whose they are. */
const OTHER_NAMES = [
  ...ORDER_STATUSES,
  ...PAYMENT_STATUSES,
  'NODE_EXTRA_CA_CERTS',
  'CHROMIUM_PATH',
] as readonly string[];
const compose = read('docker-compose.yml');
const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => read(join('src', file)));
/** What the text says a command writes. */
const WRITTEN = ['bench/results.json', 'bench/results.svg'];

describe.each(all.map((page) => [page.file, page] as const))('%s', (file, page) => {
  const { text, fences } = page;

  test('every script that it names, looked up in package.json, exists', () => {
    const names = [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => name);
    expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  test('every file that it names, looked for, exists', () => {
    const named = text.matchAll(
      /(?<![\w/.:-])((?:src|test|embedded|docs|openapi|bench|samples|deploy|dist|\.ci)\/[\w./-]*\w)/g,
    );
    // A page of docs may name its neighbours from where it is.
    const files = [...named].map(([, path = '']) => path).filter((path) => !WRITTEN.includes(path));
    const targets = linksOf(page).map(({ target }) => target);
    const missing = [...files, ...targets.filter((target) => !WRITTEN.includes(target))].filter(
      (path) => !existsSync(join(ROOT, path)) && !existsSync(join(ROOT, file, '..', path)),
    );
    expect(missing).toEqual([]);
  });

  test('every anchor that it links to, looked for, exists', () => {
    const broken = linksOf(page).filter(
      ({ target, anchor }) => anchor !== undefined && !anchorsOf(read(target)).includes(anchor),
    );
    expect(broken).toEqual([]);
  });

  test('every variable that it names, looked up in .env.example, exists', () => {
    const code = [...text.matchAll(/`([^`\n]+)`/g)]
      .map(([, inline = '']) => inline)
      .concat(fences.map((fence) => fence.text));
    const names = code.flatMap((inline) => inline.match(/(?<![\w/-])[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []);
    const unknown = names.filter(
      (name) =>
        !Object.hasOwn(variables, name) &&
        !OTHER_NAMES.includes(name) &&
        !compose.includes(`\${${name}`) &&
        !isConstant(name),
    );
    expect(unknown).toEqual([]);
  });

  test('every route that it names, looked up in the OpenAPI document, exists', () => {
    const routes = [...text.matchAll(/`(GET|POST|PUT|DELETE) (\/[^\s?`]*)/g)].map(([, method = '', path = '']) => ({
      method,
      path,
    }));
    const known = Object.entries(openApi.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/{\w+}/g, '{}')}`),
    );
    const missing = routes
      .map(({ method, path }) => `${method} ${path.replaceAll(/{\w+}/g, '{}')}`)
      .filter((route) => !known.includes(route) && !known.some((one) => fits(one, route)));
    expect(missing).toEqual([]);
  });
});

test.each(Object.entries(scripts))('the script %s, looked through for files, names such as there are', (_, script) => {
  const files = script.split(/\s+/).filter((word) => /\/.*\.[jt]s(?:on)?$/.test(word));
  const missing = files
    .map((file) => file.replace(/^dist-tools\/(.*)\.js$/, '$1.ts').replace(/^(.*\/)?dist\/(.*)\.js$/, '$1src/$2.ts'))
    .filter((file) => !existsSync(join(ROOT, file)));
  expect(missing).toEqual([]);
});

test('the failure table, each of its suites looked for, names such as there are', () => {
  const suites = [...read('docs/failures.md').matchAll(/\| ([^|\n]+) \|$/gm)]
    .flatMap(([, cell = '']) => cell.split(', '))
    .map((suite) => suite.replace(/ \(.*/, ''))
    .filter((suite) => !['Suite', '–'].includes(suite));
  expect(suites.length).toBeGreaterThan(20);
  const missing = suites.filter(
    (suite) => !['', '.test.ts'].some((end) => existsSync(join(ROOT, 'test', suite + end))),
  );
  expect(missing).toEqual([]);
});

test('the table of variables, compared with .env.example, has the same defaults', () => {
  const rows = [...read('README.md').matchAll(/^\| (`[A-Z_`, ]+`) \| (\S[^|]*) \|/gm)].flatMap(
    ([, names = '', defaults = '']) => {
      const values = [...defaults.matchAll(/`([^`]*)`/g)].map(([, value]) => value);
      return [...names.matchAll(/`(\w+)`/g)].map(
        ([, name = ''], index) => [name, values[index] ?? values[0] ?? ''] as const,
      );
    },
  );
  expect(rows.length).toBeGreaterThan(5);
  for (const [name, value] of rows) expect([name, variables[name]]).toEqual([name, value]);
});

/** `POST /admin/projections/orders/verify` is `POST /admin/projections/{}/verify`. */
function fits(known: string, route: string): boolean {
  const parts = known.split('/');
  const given = route.split('/');
  return parts.length === given.length && parts.every((part, index) => part === '{}' || part === given[index]);
}

/** A name of the code, where its value is to be raised. */
function isConstant(name: string): boolean {
  return sources.some((text) => text.includes(`const ${name} `));
}
