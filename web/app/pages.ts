import type { ComponentType } from 'preact';
import { FiguresPage } from '../pages/figures/figures-page.tsx';
import { HistoryPage } from '../pages/history/history-page.tsx';
import { KitchenPage } from '../pages/kitchen/kitchen-page.tsx';
import { OperationsPage } from '../pages/operations/operations-page.tsx';
import { ParkedMark } from '../pages/operations/parked-mark.tsx';
import { OrderPage } from '../pages/order/order-page.tsx';
import { OrdersPage } from '../pages/orders/orders-page.tsx';
import { TrackingPage } from '../pages/tracking/tracking-page.tsx';

export interface PageProps {
  /** What the address names, such as `orderId`. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Page {
  /** It is shown in the class `{name}-page`, with which its styles begin. */
  readonly name: string;
  /** Its path below `/app`. */
  readonly path: string;
  readonly title: string;
  /** Its name in the navigation; undefined: it is reached from another page. */
  readonly label?: string;
  /** The route that it cannot do without: whoever may not use it does not see the page. */
  readonly needs: string;
  readonly component: ComponentType<PageProps>;
  /** What stands beside its name in the navigation. */
  readonly mark?: ComponentType;
}

/** All pages, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  { name: 'order', path: '/order', title: 'Order', label: 'Order', needs: 'POST /orders', component: OrderPage },
  {
    name: 'kitchen',
    path: '/kitchen',
    title: 'Kitchen',
    label: 'Kitchen',
    needs: 'GET /kitchen/board',
    component: KitchenPage,
  },
  { name: 'orders', path: '/orders', title: 'Orders', label: 'Orders', needs: 'GET /orders', component: OrdersPage },
  {
    name: 'tracking',
    path: '/orders/:orderId',
    title: 'Your order',
    needs: 'GET /orders/:orderId',
    component: TrackingPage,
  },
  {
    name: 'history',
    path: '/orders/:orderId/history',
    title: 'History',
    needs: 'GET /orders/:orderId/timeline',
    component: HistoryPage,
  },
  {
    name: 'figures',
    path: '/figures',
    title: 'Figures',
    label: 'Figures',
    needs: 'GET /analytics/orders',
    component: FiguresPage,
  },
  {
    name: 'operations',
    path: '/operations',
    title: 'Operations',
    label: 'Operations',
    needs: 'GET /admin/projections',
    component: OperationsPage,
    mark: ParkedMark,
  },
];
