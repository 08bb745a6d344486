import { ApiError } from '../kube/api.ts';
import { isObject } from '../lang/json.ts';

/** Nothing can be created in a namespace that is being deleted, and nothing has to be. */
export function isNamespaceEnding(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.code !== 403) return false;
  const causes = error.status.details?.['causes'];
  return (
    Array.isArray(causes) &&
    causes.some((cause) => isObject(cause) && cause['reason'] === 'NamespaceTerminating')
  );
}
