/**
 * Finds a running Argo Rollouts controller by the lease that it renews. It acts on the same objects, so only one
 * of the two may run for one instance id (spec 08 sections 3 and 4).
 */

import { parseTime } from '../lang/time.ts';
import type { KubeApi, KubeObject } from './api.ts';
import { ApiError, apiVersionOf } from './api.ts';
import { type Clock, sleep } from './clock.ts';
import { LEASE, SELF_SUBJECT_ACCESS_REVIEW } from './kinds.ts';
import { leaseSpecOf } from './lease.ts';

export const ARGO_ROLLOUTS_LEASE = 'argo-rollouts-controller-lock';
/** Holder identities of ours start so; holding the other controller's lease must not look like being it. */
export const IDENTITY_PREFIX = 'sluice_';

/** `<base>` or `<base>-<instance id>`: controllers of different instance ids don't get in each other's way. */
export const leaseName = (base: string, instanceId: string): string =>
  instanceId === '' ? base : `${base}-${instanceId}`;

export interface OtherController {
  readonly namespace: string;
  readonly lease: string;
  readonly holder: string;
}

/** A lease last renewed so long ago (by our wall clock) is dead even if the clocks disagree by minutes. */
const LONG_DEAD_MS = 600_000;

/**
 * The other controller that is alive in a namespace that we can see, or undefined. A lease that looks stale by
 * our clock is looked at twice, so that a clock that is ahead doesn't hide its holder.
 */
export async function findOtherController(options: {
  api: Pick<KubeApi, 'list' | 'get'>;
  clock: Clock;
  instanceId: string;
  /** Where to look when leases can't be listed everywhere. */
  namespaces: readonly string[];
  /** false: only there, without asking for a right that an installation in one namespace doesn't have. */
  everywhere?: boolean | undefined;
  signal?: AbortSignal | undefined;
}): Promise<OtherController | undefined> {
  const { clock } = options;
  const name = leaseName(ARGO_ROLLOUTS_LEASE, options.instanceId);
  const doubtful: { lease: KubeObject; renewTime: string | undefined }[] = [];
  for (const lease of await visibleLeases(options, name)) {
    const spec = leaseSpecOf(lease);
    const holder = spec.holderIdentity ?? '';
    if (holder === '' || holder.startsWith(IDENTITY_PREFIX)) continue;
    const renewedAt = parseTime(spec.renewTime);
    if (renewedAt === undefined) continue;
    const age = clock.now() - renewedAt;
    const duration = (spec.leaseDurationSeconds ?? 15) * 1000;
    if (age <= duration) return describe(lease);
    if (age < LONG_DEAD_MS) doubtful.push({ lease, renewTime: spec.renewTime });
  }
  if (doubtful.length === 0) return undefined;
  // A live holder renews every two seconds, and at least every ten.
  await sleep(clock, 11_000, options.signal);
  const again = await visibleLeases(options, name);
  for (const { lease, renewTime } of doubtful) {
    const now = again.find((other) => other.metadata.namespace === lease.metadata.namespace);
    if (now !== undefined && leaseSpecOf(now).holderIdentity && leaseSpecOf(now).renewTime !== renewTime) {
      return describe(now);
    }
  }
  return undefined;
}

const describe = (lease: KubeObject): OtherController => ({
  namespace: lease.metadata.namespace ?? '',
  lease: lease.metadata.name,
  holder: leaseSpecOf(lease).holderIdentity ?? '',
});

/** The leases of that name: in all namespaces where we may list them, else in the given ones. */
export async function visibleLeases(
  options: {
    api: Pick<KubeApi, 'list' | 'get'>;
    namespaces: readonly string[];
    everywhere?: boolean | undefined;
    signal?: AbortSignal | undefined;
  },
  name: string,
): Promise<KubeObject[]> {
  const { api, signal } = options;
  if (options.everywhere === false) return await namedLeases(options, name);
  try {
    const list = await api.list(LEASE, { fieldSelector: `metadata.name=${name}`, signal });
    return list.items.filter((item) => item.metadata.name === name);
  } catch (error) {
    if (!(error instanceof ApiError) || ![400, 403, 404].includes(error.code)) throw error;
  }
  return await namedLeases(options, name);
}

async function namedLeases(
  {
    api,
    namespaces,
    signal,
  }: Pick<Parameters<typeof findOtherController>[0], 'api' | 'namespaces' | 'signal'>,
  name: string,
): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for (const namespace of new Set(namespaces)) {
    try {
      found.push(await api.get(LEASE, { namespace, name }, { signal }));
    } catch (error) {
      if (!(error instanceof ApiError) || ![403, 404].includes(error.code)) throw error;
    }
  }
  return found;
}

/** Whether we may make leases in a namespace; every authenticated user may ask that. */
export async function mayCreateLeases(
  api: Pick<KubeApi, 'create'>,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> {
  const review = await api.create(
    SELF_SUBJECT_ACCESS_REVIEW,
    {
      apiVersion: apiVersionOf(SELF_SUBJECT_ACCESS_REVIEW),
      kind: SELF_SUBJECT_ACCESS_REVIEW.kind,
      metadata: { name: '' },
      spec: { resourceAttributes: { namespace, verb: 'create', group: LEASE.group, resource: LEASE.plural } },
    },
    { signal },
  );
  const { allowed } = (review['status'] ?? {}) as { allowed?: unknown };
  return allowed === true;
}
