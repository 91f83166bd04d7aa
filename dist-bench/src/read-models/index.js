import { analytics } from "./analytics/read-model.js";
import { audit } from "./audit/read-model.js";
import { customers } from "./customers/read-model.js";
import { orders } from "./orders/read-model.js";
/** The read models, each after those that it looks at. */
export const READ_MODELS = [customers, orders, audit, analytics];
export const READ_MODEL_NAMES = READ_MODELS.map(({ name }) => name);
