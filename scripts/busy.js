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
// Each ends when this process has ended, however it did.
const loop = `while (process.ppid === ${process.pid});`;
for (let count = 0; count < LOOPS; count += 1) spawn(process.execPath, ['-e', loop], { stdio: 'ignore' });
const work = spawn(command, args, { stdio: 'inherit' });
work.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
work.on('exit', (code) => process.exit(code ?? 1));
