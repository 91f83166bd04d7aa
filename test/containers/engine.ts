import { getContainerRuntimeClient } from 'testcontainers';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly hasContainerEngine: boolean;
  }
}

/** Says once whether a Docker engine answers; without one the container tests are skipped, or fail where it is required. */
export default async function setup(project: TestProject): Promise<void> {
  const answers = await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  if (!answers && process.env.REQUIRE_CONTAINERS)
    throw new Error('REQUIRE_CONTAINERS is set, but no Docker engine answers');
  if (!answers) process.stdout.write('No Docker engine answers here: the container tests are skipped.\n');
  project.provide('hasContainerEngine', answers);
}
