import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'embedded/*/test/**/*.test.ts'],
    exclude: ['test/containers/**', 'test/drills/**'],
    globalSetup: ['test/support/servers.ts', 'test/support/chromium.ts'],
    // Most tests wait for a store or a process more than they compute.
    maxWorkers: 2,
    // For a machine ten times slower, or as busy: a limit only ends a test that would never end.
    testTimeout: 200_000,
    hookTimeout: 200_000,
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
