import Type from 'typebox';
import { closed, Email, line, nullable } from './common.ts';

export const CustomerBody = Type.Object(
  { name: line('the name'), email: Email, phone: Type.Optional(line('a phone number', 50)) },
  { $id: 'CustomerDetails', ...closed },
);

export const Customer = Type.Object(
  {
    customerId: Type.String(),
    revision: Type.Integer({ minimum: 0 }),
    name: Type.String(),
    email: Type.String(),
    phone: nullable<string>('string', 'null without one'),
    registeredAt: Type.String({ format: 'date-time' }),
    lastUpdated: Type.String({ format: 'date-time' }),
  },
  { $id: 'Customer' },
);
