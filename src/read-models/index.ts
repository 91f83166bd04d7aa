import { analytics } from './analytics/read-model.ts';
import { audit } from './audit/read-model.ts';
import { customers } from './customers/read-model.ts';
import { menuItems } from './menu/read-model.ts';
import { orders } from './orders/read-model.ts';
import { refunds } from './refunds/read-model.ts';
import type { ReadModel } from './read-model.ts';

/** The read models, each after those that it reads. */
export const READ_MODELS: readonly ReadModel[] = [customers, menuItems, orders, audit, refunds, analytics];

export const READ_MODEL_NAMES: readonly string[] = READ_MODELS.map(({ name }) => name);
