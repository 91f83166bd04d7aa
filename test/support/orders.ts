import type { TestService } from './service.ts';

export interface SomeOrder {
  readonly id: string;
  readonly revision: number;
  readonly status: string;
  readonly paymentStatus: string;
  readonly totalAmount: string;
}

/** Sends a command, which has to succeed. @returns the order, as it is then */
export async function command(service: TestService, url: string, body: object, actor = 'mario'): Promise<SomeOrder> {
  const answer = await service.post(url, body, { 'x-actor': actor });
  if (answer.status >= 300) throw new Error(`POST ${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as SomeOrder;
}

/** An order for 39.00. */
export function placeOrder(service: TestService, customerId = 'giulia'): Promise<SomeOrder> {
  const items = [
    { name: 'Margherita', quantity: 2, unitPrice: '12.50' },
    { name: 'Diavola', quantity: 1, unitPrice: '14.00' },
  ];
  const deliveryAddress = { street: 'Via Roma 12', city: 'Napoli', postalCode: '80100' };
  return command(service, '/orders', { customerId, items, deliveryAddress }, customerId);
}

export function confirm(service: TestService, { id }: SomeOrder): Promise<SomeOrder> {
  const body = { estimatedDeliveryTime: '2030-01-31T19:30:00Z', kitchenNotes: 'well done' };
  return command(service, `/orders/${id}/confirm`, body, 'anna');
}

export function pay(service: TestService, { id }: SomeOrder): Promise<SomeOrder> {
  return command(service, `/orders/${id}/payment`, { paymentMethod: 'credit_card', transactionId: `tx-${id}` });
}

/** An order of 30 events, which is owed 5.00 back. */
export async function orderWithHistory(service: TestService): Promise<SomeOrder> {
  const order = await placeOrder(service);
  const to = (path: string) => `/orders/${order.id}/${path}`;
  await command(service, to('discount'), { discountCode: 'WELCOME', discountAmount: '3.00' });
  await confirm(service, order);
  const address = { street: 'Via Toledo 4', city: 'Napoli', postalCode: '80134', notes: 'second floor' };
  await command(service, to('delivery-address'), address, 'giulia');
  await pay(service, order);
  for (let times = 0; times < 12; times += 1) {
    await command(service, to('status'), { status: 'READY' }, 'anna');
    await command(service, to('status'), { status: 'COOKING', reason: 'recall' }, 'anna');
  }
  return command(service, to('refunds'), { amount: '5.00', reason: 'Diavola without salami' });
}
