import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HistoricalOrder } from '../../src/import/historical-order.ts';
import type { ImportFiles } from '../../src/import/files.ts';

export const origin = { customerId: 'walk-in', currency: 'USD' };

/** A folder of its own for the running test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pizzeria-import-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Two good orders; a test replaces the file that it is about. */
const GOOD = {
  orders: 'order_id,date,time\n1,2024-02-29,12:04:31\n2,2024-03-01,18:00:00\n',
  details: 'order_details_id,order_id,pizza_id,quantity\n1,1,orto_s,2\n2,1,brezza_l,1\n3,2,orto_s,1\n',
  pizzas: 'pizza_id,pizza_type_id,size,price\norto_s,orto,S,10.5\nbrezza_l,brezza,L,18\n',
  types:
    'pizza_type_id,name,category,ingredients\norto,Orto Felice,Garden,"Pesto, Courgette"\nbrezza,Brezza,Sea,Trout\n',
} satisfies Record<keyof ImportFiles, string>;

/** Writes the four files. */
export function writeFiles(replaced: Partial<Record<keyof ImportFiles, string | Uint8Array>> = {}): ImportFiles {
  const folder = temporaryFolder();
  const write = (name: keyof ImportFiles) => {
    const path = join(folder, `${name}.csv`);
    writeFileSync(path, replaced[name] ?? GOOD[name]);
    return path;
  };
  return { orders: write('orders'), details: write('details'), pizzas: write('pizzas'), types: write('types') };
}

/** The orders and details files of `count` orders of one line each. */
export function manyOrders(count: number): { readonly orders: string; readonly details: string } {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const orders = numbers.map((number) => `${number},2024-05-01,12:00:00\n`).join('');
  const details = numbers.map((number) => `${number},${number},orto_s,1\n`).join('');
  return {
    orders: `order_id,date,time\n${orders}`,
    details: `order_details_id,order_id,pizza_id,quantity\n${details}`,
  };
}

export function historicalOrders(count: number): HistoricalOrder[] {
  const pizza = {
    sku: 'orto_s',
    name: 'Orto Felice',
    category: 'Garden',
    size: 'S',
    unitPrice: '10.50',
    ingredients: [],
  };
  return Array.from({ length: count }, (_, index) => ({
    number: String(index + 1),
    placedAt: '2024-05-01T12:00:00.000Z',
    items: [{ pizza, quantity: 1 }],
  }));
}

/** All that a generator gives, in turn. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
