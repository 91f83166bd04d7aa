import { addDays, isDay, startOfDay } from '../../ui/days.ts';

/** The fields of the address by which the audit is searched; days as people choose them. */
export const AUDIT_FIELDS = ['type', 'actor', 'orderId', 'from', 'to'] as const;
export type AuditFilter = Readonly<Partial<Record<(typeof AUDIT_FIELDS)[number], string>>>;

export const EVENT_TYPES = [
  'PizzaOrderPlaced',
  'PizzaOrderConfirmed',
  'PaymentProcessed',
  'OrderStatusChanged',
  'DiscountApplied',
  'DeliveryAddressChanged',
  'OrderCancelled',
  'RefundRequested',
  'RefundCompleted',
  'RefundFailed',
  'LatePaymentReceived',
] as const;
type EventType = (typeof EVENT_TYPES)[number];

export function filterOf(query: URLSearchParams): AuditFilter {
  return Object.fromEntries(
    AUDIT_FIELDS.flatMap((field) => {
      const value = query.get(field)?.trim();
      return value ? [[field, value]] : [];
    }),
  );
}

/**
 * What the service is asked for: days become times of a zone, the last day with all of it.
 *
 * @param zone IANA name
 */
export function toAuditQuery({ type, actor, orderId, from, to }: AuditFilter, zone: string) {
  const timeOf = (day: string) => new Date(startOfDay(day, zone)).toISOString();
  return {
    ...(type !== undefined && { type: type as EventType }),
    ...(actor !== undefined && { actor }),
    ...(orderId !== undefined && { orderId }),
    ...(from !== undefined && { from: isDay(from) ? timeOf(from) : from }),
    ...(to !== undefined && { to: isDay(to) ? timeOf(addDays(to, 1)) : to }),
  };
}
