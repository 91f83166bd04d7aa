import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './docs/markdown.ts';
import { until } from './support/until.ts';

const DEADLINE_MS = 120_000;

test('npm run dev, interrupted, ends the service and the compiler', { timeout: DEADLINE_MS }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pizzeria-dev-'));
  const env = { PATH: process.env.PATH, DATA_DIR: dataDir, PORT: '0' };
  const dev = spawn(process.execPath, ['scripts/dev.js'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  dev.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    const said = (word: string) => () => output.includes(word);
    await until('the compiler watches', said('Watching for file changes'), DEADLINE_MS);
    await until('the service listens', said('"msg":"listening"'), DEADLINE_MS);
    dev.kill('SIGINT');
    await once(dev, 'close'); // which is when nobody has its output any more
    expect(output).toContain('"msg":"stopped"');
  } finally {
    dev.kill('SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  }
});
