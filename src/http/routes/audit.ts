import type { App } from './app.ts';
import Type, { type Static } from 'typebox';
import type { AuditDocument } from '../../read-models/audit/document.ts';
import type { AuditQueries } from '../../read-models/audit/queries.ts';
import { given, pageParameters, readPage } from '../requests/pages.ts';
import { type AuditEntry, AuditPage } from '../schemas/audit.ts';
import { query, ref, TimeOrDate } from '../schemas/common.ts';
import { OrderEventType } from '../schemas/history.ts';
import { toPeriod } from '../requests/times.ts';

export interface AuditRoutesOptions {
  readonly audit: AuditQueries;
}

/** The route that answers who did what when, across orders. */
export function auditRoutes(app: App, { audit }: AuditRoutesOptions): void {
  app.get(
    '/audit',
    {
      schema: {
        tags: ['Audit'],
        operationId: 'listAudit',
        summary: 'Events across orders, newest first, page by page; those recorded at or after `from` and before `to`',
        querystring: query({
          type: Type.Optional(OrderEventType),
          actor: Type.Optional(Type.String({ minLength: 1, maxLength: 400 })),
          orderId: Type.Optional(Type.String({ format: 'uuid', description: 'a UUID' })),
          from: Type.Optional(TimeOrDate),
          to: Type.Optional(TimeOrDate),
          ...pageParameters,
        }),
        response: { 200: ref(AuditPage) },
      },
    },
    async ({ query: { type, actor, orderId, from, to, ...page } }) => {
      const filter = given({ type, actor, orderId: orderId?.toLowerCase(), ...toPeriod({ from, to }) });
      const { documents, next } = await readPage('audit', audit, filter, page, keyOf);
      return { items: documents.map(auditJson), ...next };
    },
  );
}

function keyOf({ recordedAt, _id }: AuditDocument) {
  return { time: recordedAt, id: _id };
}

function auditJson({ _id, recordedAt, traceId, ...rest }: AuditDocument): Static<typeof AuditEntry> {
  return { eventId: _id, timestamp: recordedAt.toISOString(), ...rest, traceId: traceId ?? null };
}
