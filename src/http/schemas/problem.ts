import Type from 'typebox';

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'a stable name of the kind of problem' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({ pointer: Type.String({ description: 'JSON pointer to the field' }), detail: Type.String() }),
      ),
    ),
  },
  { $id: 'Problem', description: 'RFC 9457' },
);
