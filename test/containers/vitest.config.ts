import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/containers/**/*.test.ts'],
    globalSetup: ['test/containers/engine.ts'],
    // Images may have to be pulled, and each pair of servers runs the whole API and contract suites.
    testTimeout: 900_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
