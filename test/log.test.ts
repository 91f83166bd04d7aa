import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../src/log.ts';
import { ROOT } from './docs/markdown.ts';
import { freePort } from './support/ports.ts';
import { until } from './support/until.ts';

let folder: string;
let file: string;
let fd: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pizzeria-log-'));
  file = join(folder, 'log');
  fd = openSync(file, 'w'); // left open: a log writes to it as long as the process lives
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the log', () => {
  test('a line, written to a file, is JSON and is there soon', async () => {
    const log = await createLog('info', Object.assign(new PassThrough(), { fd, isTTY: false }));
    log.info({ orderId: '1' }, 'command done');
    const line = await until('the line is written', () => readFileSync(file, 'utf8') || undefined);
    expect(JSON.parse(line)).toMatchObject({ level: 30, orderId: '1', msg: 'command done' });
  });

  test('a line, written to a terminal, is readable', async () => {
    const terminal = Object.assign(new PassThrough(), { fd, isTTY: true });
    let shown = '';
    terminal.setEncoding('utf8').on('data', (text: string) => (shown += text));
    const log = await createLog('info', terminal);
    log.info({ orderId: '1' }, 'command done');
    await until('the line is shown', () => shown.includes('orderId') || undefined);
    expect(shown).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] .*INFO.*: .*command done/);
    expect(shown).not.toContain('{');
  });

  test('keeps so many lines for a reader that does not read, tells once that more are lost, and goes on later', async () => {
    const told = vi.spyOn(console, 'error').mockReturnValue();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const log = await createLog('info', Object.assign(new PassThrough(), { fd: openSync(pipe, 'r+'), isTTY: false }));
    const notes = 'x'.repeat(10_000);
    for (let line = 0; line < 5000; line += 1) log.info({ line, notes }, 'command done');
    expect(told.mock.calls).toEqual([['Lines of the log are lost: they are not read']]);

    let lines = 0;
    let isThere = false;
    const reader = createReadStream(pipe, 'utf8').on('data', (text) => {
      lines += String(text).match(/command done/g)?.length ?? 0;
      isThere ||= String(text).includes('read again');
    });
    await until('the next lines arrive', () => {
      log.info('read again');
      return isThere;
    });
    expect(lines).toBeGreaterThan(1000);
    expect(lines).toBeLessThan(2000);
    reader.destroy();
    told.mockRestore();
  });
});

/** Its log goes to a disk that is full. */
test.runIf(existsSync('/dev/full'))(
  'the service, whose log cannot be written, serves, tells once that its lines are lost, and ends',
  async () => {
    const port = String(await freePort());
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
      env: { PATH, PORT: port },
      cwd: folder,
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    let told = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (told += text));
    const get = () => fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    await until('the service is ready', async () => {
      if (child.exitCode !== null) throw new Error(told);
      return (await get())?.status === 200;
    });
    await until('it tells what is lost', () => told !== '');
    expect((await get())?.status).toBe(200);
    child.kill('SIGTERM');
    await once(child, 'close');
    expect({ code: child.exitCode, told }).toEqual({
      code: 0,
      told: 'Lines of the log are lost: ENOSPC: no space left on device, write\n',
    });
  },
);
