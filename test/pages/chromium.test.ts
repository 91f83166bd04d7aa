import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { findChromium } from '../support/chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'pizzeria-chromium-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NOWHERE = { package: join(folder, 'nothing'), cache: join(folder, 'nothing') };

/** A folder of PATH with such programs. */
function programs(name: string, ...files: string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), '#!/bin/sh\n', { mode: 0o755 });
  return path;
}

describe('the browser for tests', () => {
  const [first, second] = [
    programs('first', 'chromium', 'google-chrome'),
    programs('second', 'chromium-headless-shell'),
  ];

  test('is the one that is named', async () => {
    const CHROMIUM_PATH = join(first, 'google-chrome');
    expect(await findChromium({ CHROMIUM_PATH, PATH: first }, NOWHERE)).toEqual({ executable: CHROMIUM_PATH });
  });

  test('is no other when the one that is named is not there', async () => {
    const finding = findChromium({ CHROMIUM_PATH: join(first, 'firefox'), PATH: first }, NOWHERE);
    await expect(finding).rejects.toThrow(/^CHROMIUM_PATH is no program: .*firefox$/);
  });

  test('is the smallest of those in PATH, wherever in it', async () => {
    const found = await findChromium({ PATH: `${first}::${second}` }, NOWHERE);
    expect(found).toEqual({ executable: join(second, 'chromium-headless-shell') });
  });

  test('is no folder, and no file that cannot be run', async () => {
    const others = programs('others', 'chromium');
    chmodSync(join(others, 'chromium'), 0o644);
    mkdirSync(join(others, 'google-chrome'));
    expect(await findChromium({ PATH: others }, NOWHERE)).toBeUndefined();
  });

  describe.runIf(process.platform === 'linux' && process.arch === 'x64')('is else the package’s', () => {
    const PROGRAM = '/bin/ls'; // which needs libraries, as the browser does
    function pack(name: string, content: Uint8Array) {
      const packed = { package: join(folder, name), cache: join(folder, `${name}-cache`) };
      mkdirSync(join(packed.package, 'bin'), { recursive: true });
      writeFileSync(join(packed.package, 'package.json'), '{ "version": "1.2.3" }');
      writeFileSync(join(packed.package, 'bin/chromium.br'), content);
      return packed;
    }

    test('unpacked whole by whoever of several comes first, beside what one that was killed has left', async () => {
      const packed = pack('package', brotliCompressSync(readFileSync(PROGRAM)));
      mkdirSync(join(packed.cache, 'chromium-1.2.3-killed'), { recursive: true });
      const found = await Promise.all([1, 2, 3].map(() => findChromium({}, packed)));
      const executable = join(packed.cache, 'chromium-1.2.3/chromium');
      expect(found).toEqual([{ executable }, { executable }, { executable }]);
      expect(readFileSync(executable).equals(readFileSync(PROGRAM))).toBe(true);
      expect(readdirSync(packed.cache).sort()).toEqual(['chromium-1.2.3', 'chromium-1.2.3-killed']);
    });

    test('but not one of which a part is missing', async () => {
      const packed = pack('broken', brotliCompressSync(readFileSync(PROGRAM)).subarray(0, 1000));
      await expect(findChromium({}, packed)).rejects.toThrow('unexpected end of file');
      expect(readdirSync(packed.cache)).toEqual([]);
    });
  });
});
