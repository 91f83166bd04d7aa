/** Builds the pages into dist/web, unless what is there is newer than all that they are made of. */
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';

const web = fileURLToPath(new URL('../web', import.meta.url));
const built = fileURLToPath(new URL('../dist/web/index.html', import.meta.url));
const lock = fileURLToPath(new URL('../package-lock.json', import.meta.url));

const sources = readdirSync(web, { recursive: true, encoding: 'utf8' }).map((file) => `${web}/${file}`);
const changedAt = Math.max(...[...sources, lock].map((file) => statSync(file).mtimeMs));
if (changedAt > (statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0)) {
  // Loaded only when it is needed: it takes as long as the build.
  const { build } = await import('vite');
  await build({ configFile: `${web}/vite.config.ts` });
}
