import type { LogEvent, Projection, ReadModel, Stall } from './read-model.ts';

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
      const writes = new Map<string, Promise<ReadonlyMap<string, Stall>>>();
      for (const { model, projection } of parts) {
        const before = (model.after ?? []).flatMap((name) => writes.get(name) ?? []);
        writes.set(model.name, projection.write(Promise.all(before)));
      }
      const stalls = await Promise.all(writes.values());
      return new Map(stalls.flatMap((ofModel) => [...ofModel]));
    },
  };
}

function eventsFor({ categories }: ReadModel, events: readonly LogEvent[]): readonly LogEvent[] {
  return events.filter(({ category }) => categories.includes(category));
}
