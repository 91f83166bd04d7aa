import { defineConfig } from 'vitest/config';

/** The tests that look at what is mutated; those that start processes run what was built, so they see no mutant. */
export default defineConfig({
  test: {
    include: [
      'test/{commands,domain,eventstoredb}/**/*.test.ts',
      'test/read-models/{delivery,derived,documents,menu-upgrade,project-streams}.test.ts',
      'test/access/callers.test.ts',
      'test/api/{orders,customers,history,menu,refunds}.test.ts',
    ],
    globalSetup: ['test/support/servers.ts'],
    maxWorkers: 1,
    env: { TEST_DEADLINE_MS: '3000' },
    bail: 1,
    testTimeout: 15_000,
    hookTimeout: 30_000,
  },
});
