import { STATUS_CODES } from 'node:http';
import { problems } from "../problems.js";
/** Answers what Node could not read as a request, before there is a route: a problem document all the same. */
export function answerBrokenRequest({ code }, socket) {
    if (code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
    }
    const problem = code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? problems.requestTimeout()
        : code === 'HPE_HEADER_OVERFLOW'
            ? problems.headersTooLarge()
            : problems.badRequest('This is not an HTTP/1.1 request that the service can read.');
    const body = JSON.stringify({ ...problem, instance: '' });
    socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\ncontent-type: application/problem+json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
}
