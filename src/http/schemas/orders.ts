import Type, { type Static } from 'typebox';
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../domain/events.ts';
import {
  Amount,
  closed,
  CustomerId,
  Email,
  line,
  Money,
  notes,
  nullable,
  nullableTime,
  Quantity,
  ref,
  Sku,
  Timestamp,
  UnitPrice,
} from './common.ts';
import { Refunds } from './refunds.ts';

export const OrderStatus = Type.Enum([...ORDER_STATUSES], { type: 'string' });
export const PaymentStatus = Type.Enum([...PAYMENT_STATUSES], { type: 'string' });

export const DeliveryAddress = Type.Object(
  {
    street: line('the street'),
    city: line('the city'),
    postalCode: line('the postal code'),
    notes: Type.Optional(notes('notes for the driver')),
  },
  { $id: 'Address', ...closed },
);

const PlacedItem = Type.Object(
  {
    name: Type.Optional(line('the name of the pizza')),
    quantity: Quantity,
    unitPrice: Type.Optional(UnitPrice),
    sku: Type.Optional(Sku),
  },
  { ...closed, description: 'either `name` and `unitPrice`, or a `sku`, whose name and price the menu gives' },
);

export const PlaceOrderBody = Type.Object(
  {
    customerId: CustomerId,
    customerEmail: Type.Optional(Email),
    items: Type.Array(PlacedItem, { maxItems: 100, description: '1 to 100 lines' }),
    totalAmount: Type.Optional(Amount),
    deliveryAddress: Type.Optional(ref(DeliveryAddress)),
  },
  { $id: 'PlaceOrder', ...closed },
);

export const ConfirmOrderBody = Type.Object(
  { estimatedDeliveryTime: Timestamp, kitchenNotes: Type.Optional(notes('notes for the kitchen')) },
  { $id: 'ConfirmOrder', ...closed },
);

export const PayOrderBody = Type.Object(
  {
    paymentMethod: line('how it is paid, such as credit_card'),
    transactionId: line('the payment provider’s id of the transaction'),
  },
  { $id: 'PayOrder', ...closed },
);

export const ChangeStatusBody = Type.Object(
  { status: OrderStatus, reason: Type.Optional(notes('why')) },
  { $id: 'ChangeStatus', ...closed },
);

export const ApplyDiscountBody = Type.Object(
  { discountCode: line('the code of the discount'), discountAmount: Amount },
  { $id: 'ApplyDiscount', ...closed },
);

const Item = Type.Object({
  name: Type.String(),
  quantity: Type.Integer(),
  unitPrice: Money,
  sku: Type.Optional(Type.String()),
});

const orderProperties = {
  id: Type.String({ format: 'uuid' }),
  revision: Type.Integer({ minimum: 0, description: 'of the last event of the order that is shown here, from 0' }),
  customerId: Type.String(),
  items: Type.Array(Item),
  itemCount: Type.Integer({ description: 'lines' }),
  quantity: Type.Integer({ description: 'pizzas' }),
  totalAmount: Money,
  currency: Type.String(),
  status: OrderStatus,
  paymentStatus: PaymentStatus,
  refunds: Refunds,
  kitchenNotes: nullable<string>('string', 'null without notes'),
  // Not an anyOf of the two, which every answer would have to be validated against to be written.
  deliveryAddress: Type.Unsafe<Static<typeof DeliveryAddress> | null>({
    type: ['object', 'null'],
    properties: DeliveryAddress.properties,
    required: ['street', 'city', 'postalCode'],
    additionalProperties: false,
    description: 'null without one',
  }),
  placedAt: Type.String({ format: 'date-time' }),
  estimatedDelivery: nullableTime('null until confirmed'),
  lastUpdated: Type.String({ format: 'date-time' }),
  timeToConfirmation: nullable<number>('integer', 'seconds from placing to confirming'),
  timeToPayment: nullable<number>('integer', 'seconds from placing to paying'),
};

/** What a command answers: the order as its own events have it. */
export const PlainOrder = Type.Object(orderProperties, { $id: 'PlainOrder' });

/** What the read model answers: with the customer's name and email. */
export const Order = Type.Object(
  {
    ...orderProperties,
    customerName: Type.String({ description: '"Unknown" until the customer is registered' }),
    customerEmail: Type.String({ description: 'empty while none is known' }),
    projection: Type.Optional(
      Type.Enum(['stalled'], {
        type: 'string',
        description: 'an event after this revision cannot be read; the order stands still here',
      }),
    ),
  },
  { $id: 'Order' },
);

export const OrderPage = Type.Object(
  {
    items: Type.Array(ref(Order)),
    nextCursor: Type.Optional(Type.String({ description: 'of the next page; absent on the last one' })),
  },
  { $id: 'OrderPage' },
);

export const OrderParams = Type.Object({ orderId: Type.String({ format: 'uuid', description: 'a UUID' }) });
