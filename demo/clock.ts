import { subscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';

/**
 * Loaded before a program (`node --import …/clock.js?shift=MS`): its time, and that of its threads, is so many
 * milliseconds from ours. So pictures of the demo are of the same evening, whenever they are taken.
 */
const shift = Number(new URL(import.meta.url).searchParams.get('shift'));
const { now } = Date;
Date.now = () => now() + shift;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget) as Date,
});
// Node's own header is of a Date that nobody can reach, and the pages take the time from it.
subscribe('http.server.request.start', (message) => {
  (message as { readonly response: ServerResponse }).response.setHeader('date', new Date().toUTCString());
});
