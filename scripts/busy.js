/**
 * Runs a command beside four loops that keep the processor busy, as a machine does that has other work, and ends with
 * the command's exit code: node scripts/busy.js npm test
 */
import { spawn } from 'node:child_process';
import process from 'node:process';

const LOOPS = 4;
const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  process.stderr.write('usage: node scripts/busy.js <command> [argument …]\n');
  process.exit(2);
}
const loops = Array.from({ length: LOOPS }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
const work = spawn(command, args, { stdio: 'inherit' });
process.on('exit', () => {
  for (const loop of loops) loop.kill('SIGKILL');
});
work.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
work.on('exit', (code) => process.exit(code ?? 1));
// Of a terminal's Ctrl-C, the command has heard by itself.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => work.kill('SIGTERM'));
