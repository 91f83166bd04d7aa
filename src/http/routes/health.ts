import type { App } from './app.ts';
import Type from 'typebox';

export interface Readiness {
  readonly isReady: boolean;
  readonly checks: {
    readonly eventStore: 'up' | 'down';
    readonly readModels: 'up' | 'down';
    readonly projection: string;
  };
}

const Up = Type.Enum(['up', 'down'], { type: 'string' });
const ReadinessBody = Type.Object({
  status: Type.Enum(['ready', 'not ready'], { type: 'string' }),
  checks: Type.Object({ eventStore: Up, readModels: Up, projection: Type.String() }),
});

const tags = ['Operations'];

export interface HealthRoutesOptions {
  readonly readiness: () => Promise<Readiness>;
}

/** Liveness: the process answers. Readiness: it can do its work, stores and projection included. */
export function healthRoutes(app: App, { readiness }: HealthRoutesOptions): void {
  const status = Type.Object({ status: Type.Enum(['alive'], { type: 'string' }) });
  app.get(
    '/health/live',
    {
      config: { rateLimit: false },
      schema: { tags, operationId: 'isLive', summary: 'Is the process alive?', response: { 200: status } },
    },
    () => ({ status: 'alive' as const }),
  );
  app.get(
    '/health/ready',
    {
      config: { rateLimit: false },
      schema: {
        tags,
        operationId: 'isReady',
        summary: 'Can it serve: are both stores reachable, and does the projection consume?',
        response: { 200: ReadinessBody, 503: ReadinessBody },
      },
    },
    async (_, reply) => {
      const { isReady, checks } = await readiness();
      if (!isReady) void reply.code(503).header('retry-after', '1');
      return { status: isReady ? ('ready' as const) : ('not ready' as const), checks };
    },
  );
}
