import type { ReadModelName } from '../index.ts';
import { verifyAnalytics } from '../analytics/verify.ts';
import { verifyDocuments } from './documents.ts';
import type { Findings, VerifyOptions, VerifyResult, VerifyRun } from './findings.ts';
import { auditModel, customersModel, ordersModel } from './models.ts';

const DEFAULTS = { mostAtOnce: 100_000, settleMs: 2000, onProgress: () => undefined };

/**
 * Folds the log and compares every document of a read model with what it should be, while the service goes on.
 *
 * @throws EventStoreUnavailableError, or the driver's error when MongoDB is away
 */
export async function verify(options: VerifyOptions, name: ReadModelName, run: VerifyRun): Promise<VerifyResult> {
  const findings: Findings = { checked: 0, differences: 0, listed: [], repaired: 0 };
  const whole = { ...DEFAULTS, signal: new AbortController().signal, ...run };
  switch (name) {
    case 'orders':
      await verifyDocuments(options, ordersModel(options), whole, findings);
      break;
    case 'customers':
      await verifyDocuments(options, customersModel(options), whole, findings);
      break;
    case 'audit':
      await verifyDocuments(options, auditModel(options), whole, findings);
      break;
    case 'analytics':
      await verifyAnalytics(options, whole, findings);
      break;
    default:
      name satisfies never;
  }
  return { name, ...findings };
}
