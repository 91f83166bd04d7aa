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
