/**
 * The ServiceAccount as which an Application is synced. Named by an annotation and not by a field of the spec: Argo
 * CD's CRD, where it is installed, drops fields that it doesn't know, and an account must never get lost on the way.
 */

import { type JsonObject, objectOf } from '../../lang/json.ts';
import { annotationsOf } from './identity.ts';
import type { Problem } from './types.ts';

export const ACCOUNT_ANNOTATION = 'sluice.dev/service-account';

export interface AccountRef {
  readonly namespace: string;
  readonly name: string;
}

export interface AccountPolicy {
  /** The syncer's own namespace: who may write Applications there stands above the namespaces. */
  readonly ownNamespace: string;
  /** `--default-service-account`: `name` or `namespace:name`; '' when there is none. */
  readonly fallback: string;
  /** `--require-service-account`: nothing is done with the syncer's own rights. */
  readonly required: boolean;
}

export type AccountChoice =
  /** undefined: the syncer's own rights. */
  | { readonly ok: true; readonly account: AccountRef | undefined }
  | { readonly ok: false; readonly problem: Problem };

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_NAME = 253;

/** `shop/deployer`, as messages name it. */
export const printAccount = ({ namespace, name }: AccountRef): string => `${namespace}/${name}`;
/** As the API server names it. */
export const accountUser = ({ namespace, name }: AccountRef): string =>
  `system:serviceaccount:${namespace}:${name}`;

/** undefined for a text that names no account. */
export function parseAccount(text: string): { namespace: string | undefined; name: string } | undefined {
  const [first = '', second, ...more] = text.split(':');
  const [namespace, name] = second === undefined ? [undefined, first] : [first, second];
  if (more.length > 0 || name.length > MAX_NAME || !NAME.test(name)) return undefined;
  if (namespace !== undefined && !NAMESPACE.test(namespace)) return undefined;
  return { namespace, name };
}

/** Read from the raw object: one that can't be decoded must be deletable, too. */
function textAt(object: JsonObject, ...path: readonly string[]): string | undefined {
  let value: unknown = object;
  for (const key of path) value = objectOf(value)[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * A plain name is looked for in the Application's own namespace, as Flux does, so that no one can act as an account of
 * another team; for Applications in the syncer's namespace in the one that they deploy to, as Argo CD does.
 */
export function chooseAccount(application: JsonObject, policy: AccountPolicy): AccountChoice {
  const home = textAt(application, 'metadata', 'namespace') ?? policy.ownNamespace;
  const trusted = home === policy.ownNamespace;
  const invalid = (message: string): AccountChoice => ({
    ok: false,
    problem: { type: 'InvalidSpecError', message },
  });
  const asked = annotationsOf(application)[ACCOUNT_ANNOTATION] ?? '';
  const text = asked === '' ? policy.fallback : asked;
  if (text === '') {
    if (!policy.required) return { ok: true, account: undefined };
    return invalid(
      `no ServiceAccount is named as which to act, and this syncer requires one: set the annotation ${ACCOUNT_ANNOTATION}`,
    );
  }
  const parsed = parseAccount(text);
  if (parsed === undefined) {
    return invalid(
      `the annotation ${ACCOUNT_ANNOTATION} is not the name of a ServiceAccount: ${JSON.stringify(text.slice(0, 100))}; write NAME or NAMESPACE:NAME`,
    );
  }
  const { namespace, name } = parsed;
  if (asked !== '' && !trusted && namespace !== undefined && namespace !== home) {
    return invalid(
      `the annotation ${ACCOUNT_ANNOTATION} names an account of the namespace ${namespace}: an Application in ${home} acts as one of its own namespace`,
    );
  }
  const destination = textAt(application, 'spec', 'destination', 'namespace');
  const own = trusted && destination !== undefined ? destination : home;
  if (!NAMESPACE.test(namespace ?? own)) {
    return invalid(
      `spec.destination.namespace is not the name of a namespace: ${JSON.stringify(own.slice(0, 100))}`,
    );
  }
  return { ok: true, account: { namespace: namespace ?? own, name } };
}
