import type { Static } from 'typebox';
import { OrderNotFoundError } from '../../src/commands/errors.ts';
import { RefundNotFoundError } from '../../src/domain/errors.ts';
import { ORDER_STATUSES } from '../../src/domain/events.ts';
import { encodeCursor } from '../../src/http/requests/pages.ts';
import { fieldProblem, problem } from '../../src/http/problems/catalogue.ts';
import { ruledOut } from '../../src/http/requests/preconditions.ts';
import { toProblem } from '../../src/http/problems/errors.ts';
import type {
  ApplyDiscountBody,
  ChangeStatusBody,
  ConfirmOrderBody,
  DeliveryAddress,
  Order,
  OrderPage,
  PayOrderBody,
  PlaceOrderBody,
  PlainOrder,
} from '../../src/http/schemas/orders.ts';
import type {
  CancelOrderBody,
  CompleteRefundBody,
  FailRefundBody,
  Refund,
  RefundPage,
  RequestRefundBody,
} from '../../src/http/schemas/refunds.ts';
import { changeProblems, concurrentChange, gone, keyReused, refusedField, wrongField } from './problems.ts';
import type { AnswerDocumentation, OperationDocumentations } from './documentation.ts';
import { customerBody } from './customers.ts';
import { menuItem } from './menu.ts';
import {
  address,
  cancelKey,
  cancelled,
  confirmed,
  customerId,
  discountedAt,
  margherita,
  order,
  orderId,
  orderKey,
  paid,
  placed,
  placedAt,
  readyAt,
  refunded,
  refundedInPart,
  refundFailed,
  refundFailedForGood,
  refundId,
  refundPending,
  sku,
} from './story.ts';

const notFound = toProblem(new OrderNotFoundError(orderId));
const changeOfOrder = { notFound, ...changeProblems('order') };
const refundNotFound = toProblem(new RefundNotFoundError(refundId));
const changeOfRefund = { ...changeProblems('order'), notFound: refundNotFound };
const changed = (description: string, examples: Record<string, Static<typeof PlainOrder>>): AnswerDocumentation => ({
  description,
  headers: ['ETag'],
  examples,
});
const nextCursor = encodeCursor('orders', { time: new Date(placedAt), id: orderId }, {});
const nextRefunds = encodeCursor('refunds', { time: new Date(readyAt), id: refundId }, { status: 'PENDING' });

export const orders: OperationDocumentations = {
  placeOrder: {
    parameters: { 'idempotency-key': orderKey },
    bodies: {
      byPrice: { customerId, items: [margherita], totalAmount: '25.00' },
      bySku: {
        customerId,
        customerEmail: customerBody.email,
        items: [{ sku, quantity: 1 }],
        deliveryAddress: address,
      },
    } satisfies Record<string, Static<typeof PlaceOrderBody>>,
    answers: {
      201: {
        description: 'Placed, or what was placed with this Idempotency-Key before',
        headers: ['ETag', 'Location'],
        examples: {
          byPrice: placed,
          bySku: {
            ...placed,
            items: [{ name: menuItem.name, quantity: 1, unitPrice: menuItem.price, sku }],
            quantity: 1,
            totalAmount: '11.50',
            deliveryAddress: address,
          },
        } satisfies Record<string, Static<typeof PlainOrder>>,
      },
    },
    problems: {
      field: wrongField('body', '#/items/0/quantity', 'must be a whole number from 1 to 1000'),
      gone,
      concurrentChange: concurrentChange('order'),
      wrongTotal: fieldProblem('invalid-order', '#/totalAmount', 'Order total does not match its items'),
      noItems: fieldProblem('invalid-order', '#/items', 'Order must contain at least one item'),
      keyReused: keyReused(),
    },
  },
  confirmOrder: {
    parameters: { 'idempotency-key': 'confirm-0001', 'if-match': '"0"' },
    bodies: {
      withNotes: { estimatedDeliveryTime: '2026-01-31T18:45:00Z', kitchenNotes: 'Extra cheese' },
      plain: { estimatedDeliveryTime: '2026-01-31T19:45:00+01:00' },
    } satisfies Record<string, Static<typeof ConfirmOrderBody>>,
    answers: {
      200: changed('Confirmed', { withNotes: confirmed, plain: { ...confirmed, kitchenNotes: null } }),
    },
    problems: {
      field: wrongField('body', '#/estimatedDeliveryTime', 'must be an RFC 3339 time, such as 2026-01-31T18:30:00Z'),
      ...changeOfOrder,
      rule: problem('rule-broken', 'Cannot confirm order in status: DELIVERED'),
    },
  },
  payOrder: {
    parameters: { 'idempotency-key': 'pay-0001', 'if-match': '"1"' },
    bodies: {
      byCard: { paymentMethod: 'credit_card', transactionId: 'txn-123456' },
    } satisfies Record<string, Static<typeof PayOrderBody>>,
    answers: {
      200: changed('Paid; an order that is confirmed too is COOKING, one that is cancelled owes it back', {
        byCard: paid,
      }),
    },
    problems: {
      field: wrongField('body', '#/transactionId', 'is required'),
      ...changeOfOrder,
      rule: problem('rule-broken', 'Order is already paid'),
    },
  },
  changeStatus: {
    parameters: { 'idempotency-key': 'ready-0001', 'if-match': '"2"' },
    bodies: {
      ready: { status: 'READY' },
      cancelled: { status: 'CANCELLED', reason: 'The guest rang up' },
    } satisfies Record<string, Static<typeof ChangeStatusBody>>,
    answers: {
      200: changed('Changed, or the present status again, which stores nothing', {
        ready: { ...paid, revision: 3, status: 'READY', lastUpdated: readyAt },
        cancelled,
      }),
    },
    problems: {
      field: wrongField('body', '#/status', `must be one of ${ORDER_STATUSES.join(', ')}`),
      ...changeOfOrder,
      rule: problem('rule-broken', 'Cannot change status from DELIVERED to READY'),
    },
  },
  applyDiscount: {
    parameters: { 'idempotency-key': 'discount-0001', 'if-match': '"0"' },
    bodies: {
      tenPercent: { discountCode: 'TEN', discountAmount: '2.50' },
    } satisfies Record<string, Static<typeof ApplyDiscountBody>>,
    answers: {
      200: changed('Applied', {
        tenPercent: { ...placed, revision: 1, totalAmount: '22.50', lastUpdated: discountedAt },
      }),
    },
    problems: {
      field: wrongField(
        'body',
        '#/discountAmount',
        'must be a decimal amount of at most 7 digits and two decimals, as a string, such as "25.00"',
      ),
      ...changeOfOrder,
      rule: problem('rule-broken', 'Cannot apply discount to a paid order'),
    },
  },
  changeDeliveryAddress: {
    parameters: { 'idempotency-key': 'address-0001', 'if-match': '"0"' },
    bodies: {
      withNotes: address,
      plain: { street: 'Via Toledo 5', city: 'Napoli', postalCode: '80134' },
    } satisfies Record<string, Static<typeof DeliveryAddress>>,
    answers: {
      200: changed('Set or changed, or the present address again, which stores nothing', {
        withNotes: { ...placed, revision: 1, deliveryAddress: address, lastUpdated: discountedAt },
      }),
    },
    problems: {
      field: wrongField('body', '#/planet', 'is not a known field'),
      ...changeOfOrder,
      rule: problem('rule-broken', 'Cannot change delivery address of order in status: DELIVERED'),
    },
  },
  cancelOrder: {
    parameters: { 'idempotency-key': cancelKey, 'if-match': '"2"' },
    bodies: {
      byGuest: { reason: 'The guest rang up', reasonCode: 'CUSTOMER_REQUEST' },
    } satisfies Record<string, Static<typeof CancelOrderBody>>,
    answers: { 200: changed('Cancelled; what was paid is a pending refund', { byGuest: cancelled }) },
    problems: {
      field: wrongField('body', '#/reason', 'is required'),
      ...changeOfOrder,
      rule: problem('rule-broken', 'Cannot cancel order in status: DELIVERED'),
    },
  },
  requestRefund: {
    parameters: { 'idempotency-key': 'refund-0001', 'if-match': '"2"' },
    bodies: {
      inPart: { amount: '5.00', reason: 'The pizza was cold' },
      inFull: { reason: 'The pizza was cold' },
    } satisfies Record<string, Static<typeof RequestRefundBody>>,
    answers: {
      201: {
        description: 'Requested, or what was requested with this Idempotency-Key before: `Location` is the refund',
        headers: ['ETag', 'Location'],
        examples: { inPart: refundedInPart } satisfies Record<string, Static<typeof PlainOrder>>,
      },
    },
    problems: {
      field: wrongField(
        'body',
        '#/amount',
        'must be a decimal amount of at most 7 digits and two decimals, as a string, such as "25.00"',
      ),
      ...changeOfOrder,
      rule: problem('rule-broken', 'Cannot refund an order that is not paid'),
    },
  },
  completeRefund: {
    parameters: { 'idempotency-key': 'complete-0001', 'if-match': '"4"' },
    bodies: { byCard: { transactionId: 're-123456' } } satisfies Record<string, Static<typeof CompleteRefundBody>>,
    answers: {
      200: changed('Completed, or completed by this transaction before, which stores nothing', { byCard: refunded }),
    },
    problems: {
      field: wrongField('body', '#/transactionId', 'is required'),
      ...changeOfRefund,
      rule: problem('rule-broken', 'Cannot complete refund in status: FAILED'),
    },
  },
  failRefund: {
    parameters: { 'idempotency-key': 'fail-0001', 'if-match': '"4"' },
    bodies: {
      forNow: { reason: 'The bank did not answer' },
      forGood: { reason: 'The account is closed', final: true },
    } satisfies Record<string, Static<typeof FailRefundBody>>,
    answers: {
      200: changed('Noted: the refund is still pending, or failed for good and its amount can be requested anew', {
        forNow: refundFailed,
        forGood: refundFailedForGood,
      }),
    },
    problems: {
      field: wrongField('body', '#/reason', 'must be the reason: 1 to 2000 characters'),
      ...changeOfRefund,
      rule: problem('rule-broken', 'Cannot fail refund in status: COMPLETED'),
    },
  },
  getRefund: {
    answers: {
      200: {
        description: 'The refund',
        examples: { pending: refundPending } satisfies Record<string, Static<typeof Refund>>,
      },
    },
    problems: { field: wrongField('params', '#/refundId', 'must be a UUID'), notFound: refundNotFound, gone },
  },
  listRefunds: {
    parameters: { status: 'COMPLETED', cursor: nextRefunds },
    answers: {
      200: {
        description: 'A page of refunds, oldest first',
        examples: {
          pending: { items: [{ orderId, ...refundPending }], nextCursor: nextRefunds },
          unknown: {
            items: [
              {
                orderId,
                refundId: null,
                status: 'UNKNOWN',
                amount: '25.00',
                reason: null,
                requestedAt: null,
                completedAt: null,
                transactionId: null,
              },
            ],
          },
        } satisfies Record<string, Static<typeof RefundPage>>,
      },
    },
    problems: { field: wrongField('querystring', '#/status', 'must be one of PENDING, COMPLETED, FAILED, UNKNOWN') },
  },
  getOrder: {
    parameters: { 'if-match': '"2.0"', 'if-none-match': '"2.0"' },
    answers: {
      200: {
        description: 'The order as the read model has it',
        headers: ['ETag'],
        examples: {
          cooking: order,
          stalled: { ...order, projection: 'stalled' },
        } satisfies Record<string, Static<typeof Order>>,
      },
      304: { description: 'Not modified: If-None-Match names this very answer', headers: ['ETag'] },
    },
    problems: {
      field: wrongField('params', '#/orderId', 'must be a UUID'),
      notFound,
      gone,
      stale: ruledOut,
      notYetProjected: problem(
        'not-yet-projected',
        `The read model is at revision 2 of order ${orderId}, not yet at 9`,
      ),
    },
  },
  listOrders: {
    parameters: { cursor: nextCursor },
    answers: {
      200: {
        description: 'A page of orders, newest first',
        examples: {
          page: { items: [order], nextCursor },
          last: { items: [] },
        } satisfies Record<string, Static<typeof OrderPage>>,
      },
    },
    problems: { field: refusedField('#/cursor', 'not a cursor that this query gave') },
  },
};
