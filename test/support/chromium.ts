import type { TestProject } from 'vitest/node';
import { type Chromium, findChromium, NO_CHROMIUM, packedIn } from '../browser/chromium.ts';
import { ROOT } from '../docs/markdown.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly chromium: Chromium | undefined;
  }
}

/** Looks once for all tests of a run. Without a browser those of pages are skipped; where CI=true they fail. */
export default async function setup(project: TestProject): Promise<void> {
  const chromium = await findChromium(process.env, packedIn(ROOT));
  if (!chromium && !process.env.CI) process.stdout.write(`browser tests skipped: ${NO_CHROMIUM}\n`);
  project.provide('chromium', chromium);
}
