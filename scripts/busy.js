/**
 * Runs a command beside four loops that keep the processor busy, as a machine does that has other work, and ends with
 * the command's exit code: node scripts/busy.js npm test
 */
import { spawn } from 'node:child_process';
import process from 'node:process';

const LOOPS = 4;
const [command, ...args] = process.argv.slice(2);
const loops = Array.from({ length: LOOPS }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
const work = spawn(command, args, { stdio: 'inherit' });
work.on('exit', (code) => {
  for (const loop of loops) loop.kill('SIGKILL');
  process.exitCode = code ?? 1;
});
