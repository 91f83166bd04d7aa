import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the API and contract suites in a process of their own on the given servers; the exit code of vitest. */
export function runSuites(eventStoreUrl: string, mongoUrl: string): Promise<number | null> {
  // What vitest tells its own workers must not reach another vitest.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|VITE_|TEST$|MODE$|DEV$|PROD$|SSR$|BASE_URL$)/.test(name),
  );
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/api', 'test/contract'], {
    cwd: ROOT,
    env: { ...Object.fromEntries(own), EVENTSTORE_URL: eventStoreUrl, MONGODB_URL: mongoUrl },
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
