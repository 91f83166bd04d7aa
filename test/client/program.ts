/**
 * A caller's program on the types that are generated from the OpenAPI document: it is compiled, not run.
 */
import type { operations, paths } from './generated.d.ts';

type Operation = keyof operations;
type Body<Id extends Operation> = operations[Id] extends {
  requestBody: { content: { 'application/json': infer Content } };
}
  ? Content
  : undefined;
type Answer<Id extends Operation, Status extends number> =
  operations[Id]['responses'] extends Record<Status, { content: { 'application/json': infer Content } }>
    ? Content
    : never;
type Problem = operations['getOrder']['responses'][404]['content']['application/problem+json'];

interface Client {
  placeOrder(body: Body<'placeOrder'>, key: string): Promise<Answer<'placeOrder', 201>>;
  confirmOrder(orderId: string, body: Body<'confirmOrder'>): Promise<Answer<'confirmOrder', 200>>;
  payOrder(orderId: string, body: Body<'payOrder'>): Promise<Answer<'payOrder', 200>>;
  getOrder(orderId: string, minRevision: number): Promise<Answer<'getOrder', 200>>;
  listOrders(query: NonNullable<operations['listOrders']['parameters']['query']>): Promise<Answer<'listOrders', 200>>;
}

/** Places an order, sees it through to the kitchen, and gives its number of pizzas. */
export async function order(client: Client): Promise<number> {
  const { id, revision } = await client.placeOrder(
    { customerId: 'mario', items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }], totalAmount: '25.00' },
    'order-0001',
  );
  await client.confirmOrder(id, { estimatedDeliveryTime: new Date().toISOString(), kitchenNotes: 'Extra cheese' });
  const paid = await client.payOrder(id, { paymentMethod: 'credit_card', transactionId: 'txn-123456' });
  const seen = await client.getOrder(id, Math.max(revision, paid.revision));
  if (seen.status !== 'COOKING' || seen.paymentStatus !== 'PAID') throw new Error(seen.customerName);
  const notes: string | null = seen.kitchenNotes;
  const total: string = seen.totalAmount;
  const city: string | undefined = seen.deliveryAddress?.city;
  return [notes, total, city].length + seen.quantity;
}

/** All orders of a customer; no filter and no limit has to be given. */
export async function ordersOf(client: Client, customerId: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listOrders({
      customerId,
      paymentStatus: 'PAID',
      ...(cursor !== undefined && { cursor }),
    });
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

export function explain({ status, detail, errors = [] }: Problem): string {
  return `${status}: ${detail} ${errors.map((error) => error.pointer).join()}`;
}

/** What must not compile. */
export async function mistakes(client: Client): Promise<void> {
  // @ts-expect-error -- a price is text
  await client.placeOrder({ customerId: 'mario', items: [{ name: 'Margherita', quantity: 2, unitPrice: 12.5 }] }, 'k');
  // @ts-expect-error -- there is no such field
  await client.placeOrder({ customerId: 'mario', items: [], colour: 'red' }, 'k');
  // @ts-expect-error -- there is no such status
  await client.listOrders({ status: 'EATEN' });
  // @ts-expect-error -- a command’s answer has no customer’s name
  (await client.payOrder('id', { paymentMethod: 'cash', transactionId: 't' })).customerName;
}

/** Paths and methods are there under the names that the documentation uses. */
export type Tour = [
  paths['/orders']['post'],
  paths['/orders/{orderId}/state']['get'],
  paths['/orders/{orderId}/diff']['get'],
  paths['/audit']['get'],
  paths['/analytics/orders']['get'],
  paths['/customers/{customerId}']['put'],
  paths['/menu/{sku}']['delete'],
  paths['/menu/{sku}/history']['get'],
];
