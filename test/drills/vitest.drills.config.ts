import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The long form of the drills: minutes, so that it is no part of `npm test`. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/drills/**/*.test.ts'],
    testTimeout: 20 * 60_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true,
  },
});
