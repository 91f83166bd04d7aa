import Type from 'typebox';

export const EventCatalogue = Type.Object(
  {
    events: Type.Array(
      Type.Object({
        type: Type.String(),
        currentVersion: Type.Integer({ minimum: 1 }),
        versions: Type.Array(
          Type.Object({
            version: Type.Integer({ minimum: 1 }),
            schema: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema of the event’s data' }),
          }),
        ),
        upcasters: Type.Array(Type.Object({ from: Type.Integer(), to: Type.Integer(), description: Type.String() })),
      }),
    ),
  },
  { $id: 'EventCatalogue' },
);
