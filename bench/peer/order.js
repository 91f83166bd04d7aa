import { EmmettError, IllegalStateError } from '@event-driven-io/emmett';

/** @returns what the events of an order are folded into to begin with */
export const initialState = () => ({ status: 'None', paymentStatus: 'UNPAID', totalAmount: '0.00' });

export const evolve = (order, { type, data }) => {
  switch (type) {
    case 'PizzaOrderPlaced':
      return { status: 'PENDING', paymentStatus: 'UNPAID', totalAmount: data.totalAmount };
    case 'PizzaOrderConfirmed':
      return { ...order, status: order.paymentStatus === 'PAID' ? 'COOKING' : 'CONFIRMED' };
    case 'PaymentProcessed':
      return { ...order, status: order.status === 'CONFIRMED' ? 'COOKING' : order.status, paymentStatus: 'PAID' };
    default:
      throw new EmmettError(`unknown event ${type}`);
  }
};

export const place = ({ data }, order) => {
  if (order.status !== 'None') throw new IllegalStateError('Order exists already');
  const cents = data.items.reduce((sum, item) => sum + item.quantity * Math.round(Number(item.unitPrice) * 100), 0);
  return { type: 'PizzaOrderPlaced', data: { ...data, totalAmount: (cents / 100).toFixed(2) } };
};

export const confirm = ({ data }, order) => {
  if (order.status !== 'PENDING') throw new IllegalStateError(`Cannot confirm order in status: ${order.status}`);
  return { type: 'PizzaOrderConfirmed', data };
};

export const pay = ({ data }, order) => {
  if (order.status === 'None' || order.paymentStatus === 'PAID') throw new IllegalStateError('Order is already paid');
  return { type: 'PaymentProcessed', data: { ...data, amount: order.totalAmount } };
};
