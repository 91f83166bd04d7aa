/**
 * Sends requests at a rate that doesn't wait for answers, as many clients together do, over plain sockets: a sender
 * that costs as much as the server would measure itself. One job a process.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
const WAIT_FOR_LAST_MS = 15_000;
process.on('message', (job) => void run(job).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit());
async function run({ port, path, body, perSecond, seconds, connections }) {
    const text = JSON.stringify(body);
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n`;
    const request = Buffer.from(`${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    const idle = [];
    const waiting = new Set();
    const byStatus = {};
    const counts = { sent: 0, unsent: 0, withoutRetryAfter: 0, broken: 0, served: 0 };
    let start = performance.now();
    const isOver = () => performance.now() - start > seconds * 1000;
    const open = () => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true });
        let received = '';
        socket.setEncoding('latin1');
        socket.on('data', (chunk) => {
            received += chunk;
            const answer = parse(received);
            if (!answer)
                return;
            received = '';
            waiting.delete(socket);
            byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1;
            if (answer.status.startsWith('2') && !isOver())
                counts.served += 1;
            if (['429', '503'].includes(answer.status) && !answer.hasRetryAfter)
                counts.withoutRetryAfter += 1;
            idle.push(socket);
        });
        socket.on('error', () => socket.destroy());
        socket.once('close', () => {
            if (waiting.delete(socket))
                counts.broken += 1;
            const at = idle.indexOf(socket);
            if (at >= 0)
                idle.splice(at, 1);
        });
        return socket;
    };
    const send = () => {
        const socket = idle.shift();
        if (!socket)
            return void (counts.unsent += 1);
        waiting.add(socket);
        socket.write(request);
        counts.sent += 1;
    };
    for (let opened = 0; opened < connections; opened += 1) {
        const socket = open();
        await once(socket, 'connect');
        idle.push(socket);
    }
    start = performance.now();
    await new Promise((resolve) => {
        let due = 0;
        const timer = setInterval(() => {
            const now = Math.min(seconds, (performance.now() - start) / 1000) * perSecond;
            for (; due < now; due += 1)
                send();
            if (!isOver())
                return;
            clearInterval(timer);
            resolve();
        }, 1);
    });
    const end = performance.now() + WAIT_FOR_LAST_MS;
    while (waiting.size > 0 && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 10));
    const { served, broken, ...rest } = counts;
    return { ...rest, byStatus, broken: broken + waiting.size, servedPerSecond: served / seconds };
}
/** @returns undefined while the answer is not there as a whole */
function parse(received) {
    const end = received.indexOf('\r\n\r\n');
    if (end < 0)
        return undefined;
    const head = received.slice(0, end).toLowerCase();
    const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
    if (received.length < end + 4 + length)
        return undefined;
    return {
        status: head.slice(9, 12),
        hasRetryAfter: head.includes('\r\nretry-after:'),
    };
}
