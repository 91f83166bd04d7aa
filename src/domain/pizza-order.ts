import type {
  ApplyDiscount,
  CancelOrder,
  ChangeOrderStatus,
  CompleteRefund,
  ConfirmOrder,
  FailRefund,
  PayOrder,
  PlaceOrder,
  RequestRefund,
} from './commands.ts';
import { DomainError, InvalidOrderError, RefundNotFoundError } from './errors.ts';
import type { Address, PizzaOrderEvent } from './events.ts';
import { Decimal, formatMoney, type Money, parseMoney } from './money.ts';
import { evolve, type OrderState } from './order-state.ts';
import { paid, type Refund, refundable } from './refunds.ts';

/**
 * The aggregate: a method checks its rule against the present state and raises an event, and `evolve` alone
 * changes the state. Times (`at`, RFC 3339 UTC) and ids are arguments; `refundId` is that of the refund that the
 * command may request. A refused command raises nothing.
 */
export class PizzaOrder {
  #state: OrderState | undefined;
  #version: number;
  #uncommitted: PizzaOrderEvent[] = [];

  private constructor(state: OrderState | undefined, version: number) {
    this.#state = state;
    this.#version = version;
  }

  /** Takes up an order whose first `version` events are folded into `state`. */
  static from(state: OrderState, version: number): PizzaOrder {
    return new PizzaOrder(state, version);
  }

  /**
   * @throws InvalidOrderError when there is no item, the total is not positive, or a given total is wrong
   */
  static place(command: PlaceOrder, at: string): PizzaOrder {
    const lines = command.items.map((item) => ({ item, price: parseMoney(item.unitPrice) }));
    const total = lines.reduce((sum, { item, price }) => sum.plus(price.times(item.quantity)), new Decimal(0));
    if (command.items.length === 0) throw new InvalidOrderError('Order must contain at least one item', 'items');
    if (total.lessThanOrEqualTo(0)) throw new InvalidOrderError('Order total must be positive', 'items');
    if (command.totalAmount !== undefined && !parseMoney(command.totalAmount).equals(total)) {
      throw new InvalidOrderError('Order total does not match its items', 'totalAmount');
    }
    const order = new PizzaOrder(undefined, 0);
    order.#raise({
      type: 'PizzaOrderPlaced',
      data: {
        orderId: command.orderId,
        customerId: command.customerId,
        ...(command.customerEmail !== undefined && { customerEmail: command.customerEmail }),
        items: lines.map(({ item, price }) => ({ ...item, unitPrice: formatMoney(price) })),
        totalAmount: formatMoney(total),
        currency: command.currency,
        ...(command.deliveryAddress && { deliveryAddress: command.deliveryAddress }),
        placedAt: at,
      },
    });
    return order;
  }

  get state(): OrderState {
    if (this.#state === undefined) throw new TypeError('an order has a state from its first event on');
    return this.#state;
  }

  /** Number of events applied, uncommitted ones included. */
  get version(): number {
    return this.#version;
  }

  get uncommittedEvents(): readonly PizzaOrderEvent[] {
    return this.#uncommitted;
  }

  markEventsAsCommitted(): void {
    this.#uncommitted = [];
  }

  confirm(command: ConfirmOrder, at: string): void {
    if (this.state.status !== 'PENDING') throw new DomainError(`Cannot confirm order in status: ${this.state.status}`);
    this.#raise({
      type: 'PizzaOrderConfirmed',
      data: {
        orderId: this.state.id,
        estimatedDeliveryTime: command.estimatedDeliveryTime,
        kitchenNotes: command.kitchenNotes ?? '',
        ...(command.confirmedBy !== undefined && { confirmedBy: command.confirmedBy }),
        confirmedAt: at,
      },
    });
  }

  /**
   * The amount is the order's total at this moment. The payment of a cancelled order was taken all the same, so it is
   * kept and owed back at once; the same payment again raises nothing.
   */
  pay(command: PayOrder, at: string, refundId: string): void {
    if (this.state.status === 'CANCELLED') return this.#takeLatePayment(command, at, refundId);
    if (this.state.paymentStatus !== 'UNPAID') throw new DomainError('Order is already paid');
    this.#raise({
      type: 'PaymentProcessed',
      data: {
        orderId: this.state.id,
        paymentMethod: command.paymentMethod,
        amount: formatMoney(this.state.totalAmount),
        transactionId: command.transactionId,
        processedAt: at,
      },
    });
  }

  #takeLatePayment({ paymentMethod, transactionId }: PayOrder, at: string, refundId: string): void {
    if (this.state.payments.some((payment) => payment.transactionId === transactionId)) return;
    const { id: orderId, totalAmount } = this.state;
    const amount = formatMoney(totalAmount);
    this.#raise({
      type: 'LatePaymentReceived',
      data: { orderId, paymentMethod, amount, transactionId, receivedAt: at },
    });
    this.#requestRefund(refundId, totalAmount, 'Paid after the order was cancelled', at);
  }

  /**
   * The staff's override: PENDING → DELIVERED is allowed too, and CANCELLED cancels. The present status again raises
   * nothing.
   */
  changeStatus(command: ChangeOrderStatus, at: string, refundId: string): void {
    const { status } = this.state;
    if (command.status === status) return;
    const isRefused =
      command.status === 'PENDING' ||
      command.status === 'CONFIRMED' ||
      status === 'DELIVERED' ||
      status === 'CANCELLED';
    if (isRefused) throw new DomainError(`Cannot change status from ${status} to ${command.status}`);
    if (command.status === 'CANCELLED') return this.cancel({ reason: command.reason ?? '' }, at, refundId);
    this.#raise({
      type: 'OrderStatusChanged',
      data: {
        orderId: this.state.id,
        previousStatus: status,
        newStatus: command.status,
        ...(command.reason !== undefined && { reason: command.reason }),
        changedAt: at,
      },
    });
  }

  applyDiscount(command: ApplyDiscount, at: string): void {
    const { status, paymentStatus, discountCodes, totalAmount } = this.state;
    if (paymentStatus !== 'UNPAID') throw new DomainError('Cannot apply discount to a paid order');
    if (status === 'DELIVERED' || status === 'CANCELLED') {
      throw new DomainError(`Cannot apply discount to order in status: ${status}`);
    }
    if (discountCodes.includes(command.discountCode)) {
      throw new DomainError(`Discount code already applied: ${command.discountCode}`);
    }
    const discount = parseMoney(command.discountAmount);
    if (discount.lessThanOrEqualTo(0)) throw new DomainError('Discount amount must be positive');
    const newTotal = totalAmount.minus(discount);
    if (newTotal.lessThanOrEqualTo(0)) throw new DomainError('Order total after discount must be positive');
    this.#raise({
      type: 'DiscountApplied',
      data: {
        orderId: this.state.id,
        discountCode: command.discountCode,
        originalTotal: formatMoney(totalAmount),
        discountAmount: formatMoney(discount),
        newTotal: formatMoney(newTotal),
        appliedAt: at,
      },
    });
  }

  /** The present address again raises nothing. */
  changeDeliveryAddress(newAddress: Address, at: string): void {
    const { status, deliveryAddress } = this.state;
    if (status === 'OUT_FOR_DELIVERY' || status === 'DELIVERED' || status === 'CANCELLED') {
      throw new DomainError(`Cannot change delivery address of order in status: ${status}`);
    }
    if (deliveryAddress && isSameAddress(deliveryAddress, newAddress)) return;
    this.#raise({
      type: 'DeliveryAddressChanged',
      data: { orderId: this.state.id, oldAddress: deliveryAddress, newAddress, changedAt: at },
    });
  }

  /** All that was paid and not given back is owed from now on, as a fact in the stream. */
  cancel({ reason, reasonCode }: CancelOrder, at: string, refundId: string): void {
    const { id: orderId, status } = this.state;
    if (status === 'DELIVERED' || status === 'CANCELLED') {
      throw new DomainError(`Cannot cancel order in status: ${status}`);
    }
    this.#raise({
      type: 'OrderCancelled',
      data: {
        orderId,
        previousStatus: status,
        ...(reasonCode !== undefined && { reasonCode }),
        reason,
        cancelledAt: at,
      },
    });
    const open = refundable(this.state);
    if (open.greaterThan(0)) this.#requestRefund(refundId, open, 'Order cancelled', at);
  }

  /** In whole or in part, in any status; pending and completed refunds never exceed what was paid. */
  requestRefund({ amount, reason }: RequestRefund, at: string, refundId: string): void {
    if (paid(this.state).isZero()) throw new DomainError('Cannot refund an order that is not paid');
    const open = refundable(this.state);
    if (open.isZero()) throw new DomainError('Nothing is left to refund');
    const wanted = amount === undefined ? open : parseMoney(amount);
    if (wanted.lessThanOrEqualTo(0)) throw new DomainError('Refund amount must be positive');
    if (wanted.greaterThan(open)) {
      throw new DomainError(`Refund of ${formatMoney(wanted)} exceeds what is left to refund: ${formatMoney(open)}`);
    }
    this.#requestRefund(refundId, wanted, reason, at);
  }

  /**
   * The same completion again raises nothing.
   *
   * @throws RefundNotFoundError
   */
  completeRefund({ refundId, transactionId }: CompleteRefund, at: string): void {
    const refund = this.#refund(refundId);
    if (refund.status === 'COMPLETED') {
      if (refund.transactionId === transactionId) return;
      throw new DomainError(`Refund is already completed by transaction ${refund.transactionId ?? ''}`);
    }
    if (refund.status === 'FAILED') throw new DomainError('Cannot complete refund in status: FAILED');
    const amount = formatMoney(refund.amount);
    this.#raise({
      type: 'RefundCompleted',
      data: { orderId: this.state.id, refundId, amount, transactionId, completedAt: at },
    });
  }

  /**
   * A refund that failed stays pending, unless it failed for good: then its amount is owed without a refund, and can be
   * requested anew.
   *
   * @throws RefundNotFoundError
   */
  failRefund({ refundId, reason, final = false }: FailRefund, at: string): void {
    const { status } = this.#refund(refundId);
    if (status !== 'PENDING') throw new DomainError(`Cannot fail refund in status: ${status}`);
    this.#raise({ type: 'RefundFailed', data: { orderId: this.state.id, refundId, reason, final, failedAt: at } });
  }

  #refund(refundId: string): Refund {
    const refund = this.state.refunds.find((each) => each.refundId === refundId);
    if (!refund) throw new RefundNotFoundError(refundId);
    return refund;
  }

  #requestRefund(refundId: string, amount: Money, reason: string, at: string): void {
    if (this.state.refunds.some((refund) => refund.refundId === refundId)) {
      throw new DomainError(`Refund already requested: ${refundId}`);
    }
    this.#raise({
      type: 'RefundRequested',
      data: { orderId: this.state.id, refundId, amount: formatMoney(amount), reason, requestedAt: at },
    });
  }

  #raise(event: PizzaOrderEvent): void {
    this.#state = evolve(this.#state, event);
    this.#version += 1;
    this.#uncommitted.push(event);
  }
}

function isSameAddress(a: Address, b: Address): boolean {
  return a.street === b.street && a.city === b.city && a.postalCode === b.postalCode && a.notes === b.notes;
}
