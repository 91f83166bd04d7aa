import { admin } from './admin.ts';
import { analytics } from './analytics.ts';
import { audit } from './audit.ts';
import { customers } from './customers.ts';
import type { OperationDocumentations } from './documentation.ts';
import { history } from './history.ts';
import { live } from './live.ts';
import { menu } from './menu.ts';
import { operations } from './operations.ts';
import { orders } from './orders.ts';

export const documentation: OperationDocumentations = {
  ...operations,
  ...orders,
  ...history,
  ...live,
  ...audit,
  ...customers,
  ...menu,
  ...analytics,
  ...admin,
};
