/** Projects into several read models at once, each after those that it looks at. */
export function projectTogether(models, project) {
    const parts = models.map((model) => ({ model, projection: project(model) }));
    return {
        async add(events) {
            await Promise.all(parts.map(({ model, projection }) => projection.add(eventsFor(model, events))));
        },
        isFull: () => parts.some(({ projection }) => projection.isFull()),
        begun: () => parts.reduce((sum, { projection }) => sum + projection.begun(), 0),
        async write() {
            const writes = new Map();
            for (const { model, projection } of parts) {
                const before = (model.after ?? []).flatMap((name) => writes.get(name) ?? []);
                writes.set(model.name, projection.write(Promise.all(before)));
            }
            const stalls = await Promise.all(writes.values());
            return new Map(stalls.flatMap((ofModel) => [...ofModel]));
        },
    };
}
function eventsFor({ categories }, events) {
    return events.filter(({ category }) => categories.includes(category));
}
