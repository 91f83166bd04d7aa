import type { Collection, Db } from 'mongodb';
import type { AuditDocument } from '../../src/read-models/audit/document.ts';

/** A database that inserts into the audit trail by way of `insertMany`, and is itself in all else. */
export function withAuditInserts(db: Db, insertMany: Collection<AuditDocument>['insertMany']): Db {
  const audit = replacing(db.collection<AuditDocument>('audit'), 'insertMany', insertMany);
  return replacing(db, 'collection', ((name: string) => (name === 'audit' ? audit : db.collection(name))) as never);
}

function replacing<T extends object, Key extends keyof T>(object: T, key: Key, value: T[Key]): T {
  return new Proxy(object, {
    get: (target, property) => (property === key ? value : (Reflect.get(target, property, target) as unknown)),
  });
}
