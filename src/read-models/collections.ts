import type { Collection, Db, MongoClient } from 'mongodb';
import type { AuditDocument } from './audit/document.ts';
import type { CustomerDocument } from './customers/document.ts';
import type { MenuItemDocument } from './menu/document.ts';
import type { OrderDocument } from './orders/document.ts';
import type { RefundDocument } from './refunds/document.ts';

/** The service's database and its collections. */
export interface Database {
  readonly db: Db;
  readonly orders: Collection<OrderDocument>;
  readonly customers: Collection<CustomerDocument>;
  readonly audit: Collection<AuditDocument>;
  readonly refunds: Collection<RefundDocument>;
  readonly menu: Collection<MenuItemDocument>;
}

export function openDatabase(client: MongoClient, name: string): Database {
  const db = client.db(name);
  return {
    db,
    orders: db.collection('orders'),
    customers: db.collection('customers'),
    audit: db.collection('audit'),
    refunds: db.collection('refunds'),
    menu: db.collection('menu_items'),
  };
}
