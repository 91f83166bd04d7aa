import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import type { TestProject } from 'vitest/node';
import { ROOT } from '../docs/markdown.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly chromium: Chromium | undefined;
  }
}

/** A browser on this machine. */
export interface Chromium {
  readonly executable: string;
  /** Folder of shared libraries that it needs and this machine lacks. */
  readonly libraries?: string;
}

export const NO_CHROMIUM =
  'no Chromium (CHROMIUM_PATH, apt-get install chromium-headless-shell, or npm ci --prefix test/browser)';

const PROGRAMS = ['chromium-headless-shell', 'chromium', 'google-chrome'];
const PACKED = {
  /** @sparticuz/chromium as `npm ci --prefix test/browser` installs it. */
  package: join(ROOT, 'test/browser/node_modules/@sparticuz/chromium'),
  /** Where it is unpacked to: its own way would use whatever lies at a path that everybody knows. */
  cache: join(ROOT, 'node_modules/.cache'),
};

const run = promisify(execFile);

/** Looks once for all tests of a run. Without a browser those of pages are skipped; where CI=true they fail. */
export default async function setup(project: TestProject): Promise<void> {
  const chromium = await findChromium(process.env);
  if (!chromium && !process.env.CI) process.stdout.write(`browser tests skipped: ${NO_CHROMIUM}\n`);
  project.provide('chromium', chromium);
}

/**
 * The browser that CHROMIUM_PATH names, one in PATH, or the npm package's, which is unpacked the first time.
 *
 * @throws Error when CHROMIUM_PATH names no program
 */
export async function findChromium(
  { CHROMIUM_PATH, PATH = '' }: Pick<NodeJS.ProcessEnv, 'CHROMIUM_PATH' | 'PATH'>,
  packed = PACKED,
): Promise<Chromium | undefined> {
  if (CHROMIUM_PATH) {
    if (!isProgram(CHROMIUM_PATH)) throw new Error(`CHROMIUM_PATH is no program: ${CHROMIUM_PATH}`);
    return { executable: CHROMIUM_PATH };
  }
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  const executable = PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
  if (executable !== undefined) return { executable };
  const isForHere = process.platform === 'linux' && process.arch === 'x64';
  return isForHere && existsSync(packed.package) ? unpackChromium(packed) : undefined;
}

async function unpackChromium({ package: folder, cache }: typeof PACKED): Promise<Chromium> {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string };
  const target = join(cache, `chromium-${version}`);
  await makeWhole(target, (draft) =>
    unpack(join(folder, 'bin/chromium.br'), createWriteStream(join(draft, 'chromium'), { mode: 0o755 })),
  );
  const executable = join(target, 'chromium');
  const { stdout } = await run('ldd', [executable]);
  if (!stdout.includes('not found')) return { executable };
  const libraries = `${target}-libraries`;
  await makeWhole(libraries, async (draft) => {
    const archive = join(draft, 'al2023.tar');
    await unpack(join(folder, 'bin/al2023.tar.br'), createWriteStream(archive));
    await run('tar', ['--extract', '--file', archive, '--directory', draft]);
    rmSync(archive);
  });
  return { executable, libraries: join(libraries, 'lib') };
}

function unpack(file: string, target: NodeJS.WritableStream): Promise<void> {
  return pipeline(createReadStream(file), createBrotliDecompress(), target);
}

/**
 * Makes a folder, unless it is there: under another name, which is changed when all is in it. So it is whole or not
 * there, whoever is killed, and whoever makes it at the same time.
 */
export async function makeWhole(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}-`);
  try {
    await fill(draft);
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!isTaken(error)) throw error;
  }
}

/** Another process was faster. */
function isTaken(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall === 'rename' && (code === 'ENOTEMPTY' || code === 'EEXIST');
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
