import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseCookie, stringifySetCookie } from 'cookie';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Over plain HTTP only a browser on the same machine is served; everybody else comes by HTTPS, if only to a gateway. */
function isPlain({ protocol, hostname }: FastifyRequest): boolean {
  return protocol === 'http' && LOOPBACK.includes(hostname);
}

/** Of the pages that the service serves, as the browser has it. */
export function originOf(request: FastifyRequest): string {
  return `${isPlain(request) ? 'http' : 'https'}://${request.host}`;
}

/** A cookie whose name begins with __Host- can be set by this very host only, over HTTPS (RFC 6265bis §4.1.3.2). */
function nameOf(request: FastifyRequest, name: string): string {
  return isPlain(request) ? name : `__Host-${name}`;
}

export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const { cookie } = request.headers;
  return cookie === undefined ? undefined : parseCookie(cookie)[nameOf(request, name)];
}

/** @param expiresAt milliseconds since 1970; 0 deletes the cookie */
export function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  value: string,
  expiresAt: number,
): void {
  const attributes = { httpOnly: true, secure: !isPlain(request), sameSite: 'lax', path: '/' } as const;
  const cookie = stringifySetCookie(nameOf(request, name), value, { ...attributes, expires: new Date(expiresAt) });
  void reply.header('set-cookie', cookie);
}
