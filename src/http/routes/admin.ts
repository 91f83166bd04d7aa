import type { App } from './app.ts';
import Type, { type Static } from 'typebox';
import type { ProjectionAdmin, ProjectionStatus } from '../../read-models/admin.ts';
import { READ_MODEL_NAMES } from '../../read-models/index.ts';
import type { ParkedEvent } from '../../read-models/parked.ts';
import { ParkedEvents, Projections, ReplayedEvents, VerifiedReadModel } from '../schemas/admin.ts';
import { query, ref } from '../schemas/common.ts';

const tags = ['Administration'];
/** Any text, so that an unknown name is a thing that is not there rather than a malformed one. */
const ReadModelParams = Type.Object({
  name: Type.String({ description: `one of ${READ_MODEL_NAMES.join(', ')}` }),
});

export interface AdminRoutesOptions {
  readonly admin: Pick<ProjectionAdmin, 'status' | 'parked' | 'replayParked' | 'rebuild' | 'verify'>;
}

/** The routes by which operators look after the read models. */
export function adminRoutes(app: App, { admin }: AdminRoutesOptions): void {
  app.get(
    '/admin/projections',
    {
      schema: {
        tags,
        operationId: 'listProjections',
        summary: 'How far each read model is behind the log, what it is doing, and how its last rebuild went',
        response: { 200: ref(Projections) },
      },
    },
    async () => ({ items: (await admin.status()).map(statusJson) }),
  );

  app.get(
    '/admin/parked',
    {
      schema: {
        tags,
        operationId: 'listParked',
        summary: 'Events that could not be projected and were not replayed since, oldest first',
        querystring: query({ limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }) }),
        response: { 200: ref(ParkedEvents) },
      },
    },
    async (request) => {
      const { items, total } = await admin.parked(request.query.limit);
      return { items: items.map(parkedJson), total };
    },
  );

  app.post(
    '/admin/parked/replay',
    {
      schema: {
        tags,
        operationId: 'replayParked',
        summary: 'Deliver the parked events again; one that still cannot be projected is parked again',
        response: { 202: ref(ReplayedEvents) },
      },
    },
    async (_, reply) => {
      const { replayed } = await admin.replayParked();
      return reply.code(202).send({ replayed });
    },
  );

  app.post(
    '/admin/projections/:name/rebuild',
    {
      schema: {
        tags,
        operationId: 'rebuildProjection',
        summary: 'Build a read model anew from the log; the old one serves until then. Resumes an interrupted rebuild',
        params: ReadModelParams,
        response: {
          202: Type.Unsafe<undefined>({ type: 'null', description: 'It runs; `Location` shows how far it is' }),
        },
      },
    },
    async ({ params }, reply) => {
      await admin.rebuild(params.name);
      return reply.code(202).header('location', '/admin/projections').send(undefined);
    },
  );

  app.post(
    '/admin/projections/:name/verify',
    {
      schema: {
        tags,
        operationId: 'verifyProjection',
        summary: 'Compare every document of a read model with the log; `repair` writes what differs as it should be',
        params: ReadModelParams,
        querystring: query({ repair: Type.Boolean({ default: false }) }),
        response: { 200: ref(VerifiedReadModel) },
      },
    },
    async (request) => {
      const { listed, ...result } = await admin.verify(request.params.name, request.query);
      return { ...result, listed: listed.map(({ fields, ...difference }) => ({ ...difference, fields: [...fields] })) };
    },
  );
}

export function statusJson({ rebuild, ...status }: ProjectionStatus): Static<typeof Projections>['items'][number] {
  return {
    ...status,
    lag: { events: status.lag.events, seconds: Math.round(status.lag.seconds * 1000) / 1000 },
    rebuild: rebuild && {
      ...rebuild,
      startedAt: rebuild.startedAt.toISOString(),
      finishedAt: rebuild.finishedAt?.toISOString() ?? null,
    },
  };
}

function parkedJson({ parkedAt, ...parked }: ParkedEvent): Static<typeof ParkedEvents>['items'][number] {
  return { ...parked, parkedAt: parkedAt.toISOString() };
}
