import { ANALYTICS_VERSION } from './analytics/follower.ts';

/** The read models, in the order in which a new version of all of them is built: orders show customers. */
export const READ_MODEL_NAMES = ['customers', 'orders', 'audit', 'analytics'] as const;
export type ReadModelName = (typeof READ_MODEL_NAMES)[number];

/** Name of the state document that says that the read models stand. */
export const READ_MODELS = 'read-models';
/** Raise it when the layout of a read-model document changes: they are built anew at the next start. */
export const READ_MODEL_VERSION = 1;

export function isReadModelName(name: string): name is ReadModelName {
  return READ_MODEL_NAMES.some((known) => known === name);
}

/** Version that this code gives the documents of a read model. */
export function versionOf(name: ReadModelName): number {
  return name === 'analytics' ? ANALYTICS_VERSION : READ_MODEL_VERSION;
}
