/** Rebuilds on every change and restarts the service; Ctrl-C ends all of it. */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath, URL } from 'node:url';

const tsc = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
const vite = fileURLToPath(new URL('bin/vite.js', import.meta.resolve('vite/package.json')));
const children = [
  [tsc, '-b', 'tsconfig.build.json', 'embedded', '--watch', '--preserveWatchOutput'],
  [vite, 'build', '--config', 'web/vite.config.ts', '--watch'],
  ['--watch', '--watch-preserve-output', 'dist/main.js'],
].map((args) => spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true }));

// A second signal would end the service at once: the terminal's reaches this process only, and is handed on once.
let isStopping = false;
const stop = () => {
  if (isStopping) return;
  isStopping = true;
  for (const child of children) child.kill('SIGTERM');
};
process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
for (const child of children) child.on('exit', stop);
