/** An order's number, as people call it out: the end of its id, since ids of one hour begin alike. */
export function orderNumber(orderId: string, length = 4): string {
  return orderId.slice(-length).toUpperCase();
}
