import type { LogEvent, Outcome, Projection, ReadModel } from './read-model.ts';

/** Projects into several read models at once; each writes after those that it reads. */
export function projectTogether(models: readonly ReadModel[], project: (model: ReadModel) => Projection): Projection {
  const parts = models.map((model) => ({ model, projection: project(model) }));
  return {
    async add(events) {
      await Promise.all(parts.map(({ model, projection }) => projection.add(eventsFor(model, events))));
    },
    isFull: () => parts.some(({ projection }) => projection.isFull()),
    begun: () => parts.reduce((sum, { projection }) => sum + projection.begun(), 0),
    async write() {
      const writes = new Map<string, Promise<Outcome>>();
      for (const { model, projection } of parts) {
        const before = (model.after ?? []).flatMap((name) => writes.get(name) ?? []);
        const ready = allOf(before);
        ready.catch(() => undefined); // thrown below, whether or not this one gets as far as waiting for it
        writes.set(model.name, projection.write(ready));
      }
      return allOf(writes.values());
    },
  };
}

async function allOf(writes: Iterable<Promise<Outcome>>): Promise<Outcome> {
  const outcomes = await Promise.all(writes);
  return {
    stalls: new Map(outcomes.flatMap(({ stalls }) => [...stalls])),
    gone: new Set(outcomes.flatMap(({ gone }) => [...gone])),
  };
}

function eventsFor({ categories }: ReadModel, events: readonly LogEvent[]): readonly LogEvent[] {
  return events.filter(({ category }) => categories.includes(category));
}
