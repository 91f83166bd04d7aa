import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './docs/markdown.ts';
import { until } from './support/until.ts';

/** For starting and stopping a process on a machine that is busy otherwise. */
const DEADLINE_MS = 120_000;
const MAIN = join(ROOT, 'dist/main.js');
/** Gives a program a terminal. */
const SCRIPT = '/usr/bin/script';

const folder = mkdtempSync(join(tmpdir(), 'pizzeria-start-'));
const taken: Server = createServer();
let port = 0;
beforeAll(async () => {
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  ({ port } = taken.address() as AddressInfo);
});
afterAll(() => {
  taken.close();
  rmSync(folder, { recursive: true });
});

/** A user without rights, for when the tests run as the one who has all. */
const NOBODY = 65_534;

let folders = 0;
const newFolder = () => mkdtempSync(join(folder, `${(folders += 1)}-`));

/** Runs the service on embedded stores until it ends. */
async function run(
  env: Record<string, string>,
  cwd = newFolder(),
  onListening: (signal: (name?: NodeJS.Signals) => void) => void = () => undefined,
  uid?: number,
) {
  const { PATH = '' } = process.env;
  const user = uid !== undefined && { uid };
  const child = spawn(process.execPath, [MAIN], { env: { PATH, PORT: '0', ...env }, cwd, ...user });
  const said = { stdout: '', stderr: '' };
  let isListening = false;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      if (isListening || !said.stdout.includes('"msg":"listening"')) return;
      isListening = true;
      onListening((name = 'SIGINT') => child.kill(name));
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...said, cwd };
}

describe('the service', { timeout: DEADLINE_MS }, () => {
  test('under npm, where Ctrl-C comes twice, finishes and ends with 0, and has said nothing on stderr', async () => {
    const { code, stdout, stderr } = await run({}, undefined, (interrupt) => {
      interrupt();
      interrupt();
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('"msg":"stopped"');
  });

  test('whose window is closed, which may be said twice, ends with 0', async () => {
    const { code, stdout } = await run({}, undefined, (signal) => {
      signal('SIGHUP');
      signal('SIGHUP');
    });
    expect(code).toBe(0);
    expect(stdout).toContain('"msg":"stopped"');
  });

  test.skipIf(process.platform !== 'linux' || !existsSync(SCRIPT))(
    'whose terminal is gone, closes its stores and ends by SIGHUP',
    async () => {
      const cwd = newFolder();
      const { PATH = '' } = process.env;
      // Of the processes in a terminal, only the first is told when its window is closed.
      const service = `'${process.execPath}' '${MAIN}' & trap 'kill -HUP $!' HUP; wait $!; wait $!`;
      const command = `${service}; echo $? > code.new; mv code.new code`;
      const terminal = spawn(SCRIPT, ['-qec', command, '/dev/null'], { env: { PATH, PORT: '0' }, cwd });
      let shown = '';
      terminal.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
      await until('the service listens', () => shown.includes('listening'));
      terminal.kill('SIGKILL');
      const code = await until(
        'the service ends',
        () => existsSync(join(cwd, 'code')) && readFileSync(join(cwd, 'code')),
      );
      expect(String(code)).toBe(`${128 + constants.signals.SIGHUP}\n`);
      expect(readdirSync(join(cwd, 'data')).sort()).toEqual(['eventstoredb.sqlite', 'mongodb.sqlite']);
    },
  );

  test.each(['SIGSEGV', 'SIGBUS'] as const)('that faults, with %s, is dead', async (name) => {
    const { code, signal } = await run({}, undefined, (send) => send(name));
    expect({ code, signal }).toEqual({ code: null, signal: name });
  });

  test.each([200, 600, 1000, 1400])(
    'that is told to stop %i ms before it fails or so, closes its stores',
    async (ms) => {
      const cwd = newFolder();
      const { PATH = '' } = process.env;
      const child = spawn(process.execPath, [MAIN], { env: { PATH, PORT: String(port) }, cwd, stdio: 'ignore' });
      setTimeout(() => child.kill('SIGINT'), ms);
      await once(child, 'exit');
      const data = join(cwd, 'data');
      const isTooEarly = child.signalCode === 'SIGINT'; // nobody listened to it yet
      if (!isTooEarly && existsSync(data))
        expect(readdirSync(data).filter((file) => /wal|pid$|json$/.test(file))).toEqual([]);
    },
  );

  test.each([
    ['PORT', 'in use', () => `PORT ${port} of HOST 127.0.0.1 is in use by another program`],
    [
      'EMBEDDED_EVENTSTORE_PORT',
      'in use',
      () => `EMBEDDED_EVENTSTORE_PORT: port ${port} of 127.0.0.1 is in use by another program`,
    ],
    [
      'EMBEDDED_MONGODB_PORT',
      'in use',
      () => `EMBEDDED_MONGODB_PORT: port ${port} of 127.0.0.1 is in use by another program`,
    ],
  ])('with a %s that is %s, says so, closes its stores and ends with 1', async (name, _, message) => {
    const { code, signal, stderr, cwd } = await run({ [name]: String(port) });
    expect({ code, signal, stderr }).toEqual({
      code: 1,
      signal: null,
      stderr: `The service could not start: ${message()}\n`,
    });
    // A store's file that is not closed leaves its write-ahead log, and its owner's id.
    expect(readdirSync(join(cwd, 'data')).sort()).toEqual(['eventstoredb.sqlite', 'mongodb.sqlite']);
  });

  test.each([
    ['MONGODB_URL', 'mongodb://127.0.0.1/?retry=1', 'eventstoredb'],
    ['EVENTSTORE_URL', 'esdb://127.0.0.1:2113?tlsCAFile=/nowhere', 'mongodb'],
  ])('with a %s that its driver refuses, says so, closes the other store and ends with 1', async (name, url, other) => {
    const { code, signal, stderr, cwd } = await run({ [name]: url });
    expect({ code, signal }).toEqual({ code: 1, signal: null });
    expect(stderr).toMatch(new RegExp(`^The service could not start: ${name}: .+\n$`));
    expect(readdirSync(join(cwd, 'data'))).toEqual([`${other}.sqlite`]);
  });

  test('that cannot write down where its servers are, closes them and ends with 1', async () => {
    const cwd = newFolder();
    mkdirSync(join(cwd, 'data', 'servers.json'), { recursive: true });
    const { code, stderr } = await run({}, cwd);
    expect(code).toBe(1);
    expect(stderr).toContain('servers.json');
    const left = readdirSync(join(cwd, 'data')).filter((file) => /wal|pid$/.test(file));
    expect(left).toEqual([]);
  });

  test('with a HOST that is none of this machine, says so', async () => {
    const { code, stderr } = await run({ HOST: '203.0.113.1' });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'The service could not start: HOST 203.0.113.1 is no address of this machine\n',
    });
  });

  test('with a DATA_DIR where nobody may write, says what to do', async () => {
    const { code, stderr } = await run({ DATA_DIR: '/sys/pizzeria' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The service could not start: \/sys\/pizzeria\/\w+\.sqlite cannot be opened for writing; .* another DATA_DIR\n$/,
    );
  });

  test('whose data is deleted while it runs, says so and ends with 1', async () => {
    const cwd = newFolder();
    const { code, stdout } = await run({}, cwd, () => rmSync(join(cwd, 'data'), { recursive: true }));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /"message":"[^"]*\.sqlite was deleted or replaced while it was in use[^}]*},.*"an embedded server is gone"/,
    );
  });

  test('with a DATA_DIR that is there, but may not be written to, says what to do', async () => {
    const cwd = newFolder();
    const dataDir = join(cwd, 'data');
    mkdirSync(dataDir);
    for (const [path, mode] of [
      [folder, 0o755],
      [cwd, 0o755],
      [dataDir, 0o555],
    ] as const)
      chmodSync(path, mode);
    const { code, stderr } = await run({}, cwd, undefined, process.getuid?.() === 0 ? NOBODY : undefined);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The service could not start: .*data\/\w+\.sqlite cannot be opened for writing; .*DATA_DIR\n$/,
    );
  });

  test('with a DATA_DIR that is a file, names the reason once', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'data'), '');
    const { code, stderr } = await run({}, cwd);
    expect(code).toBe(1);
    expect(stderr).toMatch(/data\/\w+\.sqlite cannot be used \(([A-Z]+): (?!\1)/);
  });

  test('with a variable that is blank in the environment, takes what .env says', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, '.env'), `PORT=${port}\nHOST=127.0.0.1\n`);
    const { code, stderr } = await run({ PORT: '', HOST: ' ' }, cwd);
    expect(code).toBe(1);
    expect(stderr).toContain(`PORT ${port} of HOST 127.0.0.1 is in use by another program`);
  });

  test('with a value that a terminal would obey or hide, shows it escaped', async () => {
    const { code, stderr } = await run({ PORT: '1\u009B\u200B' });
    expect(code).toBe(1);
    expect(stderr).toContain('PORT must be a whole number from 0 to 65535, not "1\\u009b\\u200b"');
  });

  test('that may not open enough files, says what to do', async () => {
    const child = spawn('sh', ['-c', 'ulimit -n 32 && exec "$0" "$1"', process.execPath, MAIN], {
      env: { PORT: '0' },
      cwd: newFolder(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    await once(child, 'close');
    expect(child.exitCode).toBe(1);
    expect(stderr).toBe('The service could not start: too many open files: raise the limit (ulimit -n)\n');
  });

  test('with a mistaken name in .env, says so, without its value', async () => {
    const cwd = newFolder();
    const mistaken = 'MONGO_URL=mongodb://user:secret@a\nMONGO: mongodb://user:secret@a/?x=y\nsecret==\n';
    writeFileSync(join(cwd, '.env'), `${mistaken}OTEL_BSP_SCHEDULE_DELAY=1\nLOG_LEVEL=info\n`);
    const { code, stdout } = await run({}, cwd, (interrupt) => interrupt());
    expect(code).toBe(0);
    expect(stdout).toContain('"names":["MONGO_URL"],"msg":".env has names that are no settings of this service"');
    expect(stdout).not.toContain('secret');
  });

  test.each([
    ['in UTF-16', Buffer.from('\uFEFFEVENTSTORE_URL=esdb://a:2113\n', 'utf16le'), '.env is not in UTF-8'],
    ['with a line that sets nothing', 'EVENTSTORE_URL: esdb://a:2113\n', '.env, line 1, does not set EVENTSTORE_URL'],
    [
      'of production, in other letters',
      '\uFEFFNODE_ENV=Production\n',
      'EVENTSTORE_URL is required when NODE_ENV=production',
    ],
    [
      'of an environment that is not known',
      'NODE_ENV=staging\n',
      'NODE_ENV must be one of development, test, production, not "staging"',
    ],
  ])('with a .env %s, does not start on embedded stores', async (_, content, message) => {
    const cwd = newFolder();
    writeFileSync(join(cwd, '.env'), content);
    const { code, stderr } = await run({}, cwd);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(readdirSync(cwd)).toEqual(['.env']);
  });
});
