import { createHash } from 'node:crypto';
import type { OrderCommand } from '../src/commands/order-commands.ts';
import type { OrderStatus, PaymentStatus } from '../src/domain/events.ts';

/** What the story depends on: the order's JSON and its state both have it. */
export interface OrderSoFar {
  readonly id: string;
  readonly revision: number;
  readonly status: OrderStatus;
  readonly paymentStatus: PaymentStatus;
  readonly deliveryAddress: object | null;
  readonly refunds: readonly { readonly refundId: string; readonly status: string }[];
}

/** The guest, or a member of the staff: anna cooks, luca drives, mario is the manager. */
export type Person = 'guest' | 'anna' | 'luca' | 'mario';

export interface Step {
  readonly by: Person;
  /** Milliseconds after the order's last change. */
  readonly afterMs: number;
  /** @param at milliseconds since 1970 when it is taken */
  readonly command: (at: number) => OrderCommand;
}

const NOTES = ['No onions', 'Extra crispy', 'Allergy: nuts!', 'Cut into eight', 'Half without cheese'];
const METHODS = ['credit_card', 'paypal', 'cash'];
const PROMISED_MINUTES = 40;

/**
 * What happens to an order next, as a pure function of the order, so that the past and the present are of one kind,
 * and whoever lends a hand with the order changes the story with it.
 *
 * @param minuteMs how long a minute of the pizzeria takes
 * @returns undefined when its story is over
 */
export function nextStep(order: OrderSoFar, minuteMs: number): Step | undefined {
  const { id, revision, status, paymentStatus, deliveryAddress, refunds } = order;
  const luck = (what: string) => chance(`${id} ${what}`);
  const step = (by: Person, least: number, most: number, command: Step['command']): Step => {
    return { by, afterMs: (least + luck(`minutes at ${revision}`) * (most - least)) * minuteMs, command };
  };
  const become = (status: OrderStatus, reason?: string) => (): OrderCommand => {
    return { type: 'change-status', status, ...(reason !== undefined && { reason }) };
  };
  const pay = (): OrderCommand => {
    return { type: 'pay', paymentMethod: oneOf(METHODS, luck('method')), transactionId: `txn-${id.slice(-8)}` };
  };

  const due = refunds.find((refund) => refund.status === 'PENDING');
  if (due) {
    if (luck('forgotten') < 0.2) return undefined;
    const transactionId = `refund-${due.refundId.slice(-8)}`;
    return step('mario', 20, 90, () => ({ type: 'complete-refund', refundId: due.refundId, transactionId }));
  }
  switch (status) {
    case 'PENDING':
      if (luck('cancels') < 0.04) return step('guest', 1, 3, () => ({ type: 'cancel', reason: 'Changed my mind' }));
      if (paymentStatus === 'UNPAID' && luck('pays first') < 0.6) return step('mario', 0.1, 1, pay);
      return step('anna', 0.5, 3, (at) => ({
        type: 'confirm',
        estimatedDeliveryTime: new Date(at + PROMISED_MINUTES * minuteMs).toISOString(),
        confirmedBy: 'anna',
        ...(luck('has notes') < 0.3 && { kitchenNotes: oneOf(NOTES, luck('notes')) }),
      }));
    case 'CONFIRMED':
      if (revision === 1 && luck('discount') < 0.3) {
        return step('mario', 0.2, 1, () => ({ type: 'apply-discount', discountCode: 'CIAO2', discountAmount: '2.00' }));
      }
      return step('mario', 1, 5, pay);
    case 'COOKING':
      if (luck('burns') < 0.02) return step('mario', 5, 9, () => ({ type: 'cancel', reason: 'The oven is down' }));
      return step('anna', 7, 13, become('READY'));
    case 'READY':
      if (revision === 3 && luck('too early') < 0.05) return step('anna', 0.2, 0.5, become('COOKING', 'recall'));
      return deliveryAddress
        ? step('luca', 2, 7, become('OUT_FOR_DELIVERY'))
        : step('luca', 2, 10, become('DELIVERED'));
    case 'OUT_FOR_DELIVERY':
      return step('luca', 8, 18, become('DELIVERED'));
    case 'DELIVERED':
      if (paymentStatus !== 'PAID' || luck('complains') > 0.05) return undefined;
      return step('mario', 15, 60, () => ({
        type: 'request-refund',
        reason: 'Cold on arrival',
        ...(luck('in part') < 0.5 && { amount: '5.00' }),
      }));
    case 'CANCELLED':
      return undefined;
    default:
      return status satisfies never;
  }
}

/** A number from 0 up to 1 that is always the same for the same text. */
export function chance(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32;
}

/** @param luck from 0 up to 1 */
export function oneOf<T>(choices: readonly T[], luck: number): T {
  const choice = choices[Math.floor(luck * choices.length)];
  if (choice === undefined) throw new RangeError('there is nothing to choose from');
  return choice;
}
