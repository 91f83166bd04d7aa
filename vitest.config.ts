import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'embedded/*/test/**/*.test.ts'],
    exclude: ['test/containers/**', 'test/drills/**'],
    globalSetup: ['test/support/servers.ts'],
    // Most tests wait for a store or a process more than they compute.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
