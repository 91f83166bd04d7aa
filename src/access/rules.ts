import type { OrderStatus } from '../domain/events.ts';

export const ROLES = ['customer', 'kitchen', 'driver', 'manager', 'admin', 'service'] as const;
export type Role = (typeof ROLES)[number];

/** What a role may do with a route; `{}` is everything. */
export interface Grant {
  /** Only what belongs to the caller's own customer. */
  readonly own?: true;
  /** Statuses that it may give an order. */
  readonly to?: readonly OrderStatus[];
  /** Statuses in which an order must be. */
  readonly while?: readonly OrderStatus[];
}

/** Who may use a route: anyone, whoever shows a valid token, or some roles. */
export type Rule = 'anyone' | 'authenticated' | Readonly<Partial<Record<Role, Grant>>>;

const all: Grant = {};
const own: Grant = { own: true };
const untilCooking: Rule = { customer: { own: true, while: ['PENDING', 'CONFIRMED'] }, manager: all, service: all };
const reading: Rule = { customer: own, kitchen: all, driver: all, manager: all, service: all };

/**
 * Who may use each route: the only place that says so. The check, the OpenAPI document and the tests derive from it,
 * and a route that is not here keeps the service from starting.
 */
export const RULES: Readonly<Record<string, Rule>> = {
  'POST /orders': { customer: own, manager: all, service: all },
  'GET /orders': reading,
  'GET /orders/:orderId': reading,
  'GET /orders/:orderId/timeline': reading,
  'GET /orders/:orderId/state': reading,
  'GET /orders/:orderId/diff': reading,
  'POST /orders/:orderId/confirm': { kitchen: all, manager: all, service: all },
  'POST /orders/:orderId/status': {
    kitchen: { to: ['COOKING', 'READY'] },
    driver: { to: ['OUT_FOR_DELIVERY', 'DELIVERED'] },
    manager: all,
    service: all,
  },
  'POST /orders/:orderId/payment': { manager: all, service: all },
  'POST /orders/:orderId/discount': { manager: all, service: all },
  'POST /orders/:orderId/cancel': untilCooking,
  'POST /orders/:orderId/refunds': { manager: all, service: all },
  'GET /orders/:orderId/refunds/:refundId': reading,
  'POST /orders/:orderId/refunds/:refundId/complete': { manager: all, service: all },
  'POST /orders/:orderId/refunds/:refundId/fail': { manager: all, service: all },
  'GET /refunds': { manager: all, service: all },
  'POST /orders/:orderId/delivery-address': untilCooking,
  'GET /kitchen/board': { kitchen: all, driver: all, manager: all },
  'GET /stream/kitchen': { kitchen: all, driver: all, manager: all },
  'GET /stream/orders/:orderId': reading,
  'GET /stream/operations': { manager: all, admin: all },
  'GET /customers/:customerId': { customer: own, manager: all, service: all },
  'PUT /customers/:customerId': { customer: own, manager: all, service: all },
  'GET /menu': 'anyone',
  'GET /menu/:sku': 'anyone',
  'GET /menu/:sku/history': { manager: all, service: all },
  'PUT /menu/:sku': { manager: all, service: all },
  'DELETE /menu/:sku': { manager: all, service: all },
  'GET /analytics/orders': { manager: all, admin: all },
  'GET /audit': { manager: all, admin: all },
  'GET /admin/projections': { manager: all, admin: all },
  'GET /admin/parked': { manager: all, admin: all },
  'POST /admin/parked/replay': { admin: all },
  'POST /admin/projections/:name/rebuild': { admin: all },
  'POST /admin/projections/:name/verify': { admin: all },
  'GET /metrics': { admin: all, service: all },
  'GET /events/catalogue': 'anyone',
  'GET /health/live': 'anyone',
  'GET /health/ready': 'anyone',
  'GET /openapi.json': 'anyone',
  'GET /docs/*': 'anyone',
  'GET /': 'anyone',
  'GET /app': 'anyone',
  'GET /app/*': 'anyone',
  'GET /app/config.json': 'anyone',
  'GET /auth/login': 'anyone',
  'GET /auth/callback': 'anyone',
  'GET /auth/me': 'authenticated',
  'POST /auth/logout': 'authenticated',
};

/** What no route takes: an unknown path, or a method that a path does not have. */
export const NO_ROUTE: Rule = 'authenticated';

/**
 * The rule of a route; undefined when the table has none. HEAD is as GET, and Swagger UI's own routes are as one.
 *
 * @param url pattern of the route's path
 */
export function ruleOf(method: string, url: string): Rule | undefined {
  const asked = method === 'HEAD' ? 'GET' : method;
  const path = url === '/docs' || url.startsWith('/docs/') ? '/docs/*' : url;
  const route = `${asked} ${path}`;
  return Object.hasOwn(RULES, route) ? RULES[route] : undefined;
}

/** The roles that a rule names, for a message. */
export function rolesIn(rule: Rule, suits: (grant: Grant) => boolean = () => true): string {
  if (typeof rule === 'string') return rule;
  const roles = ROLES.filter((role) => {
    const grant = rule[role];
    return grant !== undefined && suits(grant);
  });
  return roles.join(', ');
}
