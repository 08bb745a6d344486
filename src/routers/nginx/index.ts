/** The nginx router: one canary Ingress beside each stable one (spec 07 section 1). */

import type { Rollout } from '../../api/rollout.ts';
import type { KubeObject, ResourceType } from '../../kube/api.ts';
import type { RouteObservation, Router, RouterObjects, RouterWrite, RouteWish } from '../types.ts';
import { RouterError } from '../types.ts';
import { canaryIngressName, nginxConfig } from './config.ts';
import { canaryIngress, ingressPatch } from './desired.ts';

const INGRESS: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingresses',
  kind: 'Ingress',
  namespaced: true,
};

function desired(rollout: Rollout, wish: Pick<RouteWish, 'weight'>, objects: RouterObjects): RouterWrite[] {
  const config = nginxConfig(rollout);
  if (config === undefined) return [];
  return config.stableIngresses.flatMap((name) => {
    const stable = objects.get(INGRESS, name);
    if (stable === undefined)
      throw new RouterError(
        `error retrieving stableIngress \`${name}\` from cache: ingress.networking.k8s.io "${name}" not found`,
      );
    const wanted = canaryIngress(rollout, config, stable, wish.weight);
    const live = objects.get(INGRESS, wanted.metadata.name);
    return live === undefined ? [creation(wanted, wish.weight)] : change(rollout, live, wanted, wish.weight);
  });
}

function creation(wanted: KubeObject, weight: number): RouterWrite {
  const { name } = wanted.metadata;
  return {
    type: INGRESS,
    name,
    action: 'create',
    object: wanted,
    events: [
      {
        type: 'Normal',
        reason: 'CreatingCanaryIngress',
        message: `Creating canary ingress \`${name}\` with weight \`${weight}\``,
      },
    ],
  };
}

function change(rollout: Rollout, live: KubeObject, wanted: KubeObject, weight: number): RouterWrite[] {
  const { name } = wanted.metadata;
  const owner = live.metadata.ownerReferences?.find((ref) => ref.controller === true);
  if (owner?.uid !== rollout.metadata.uid)
    throw new RouterError(`canary ingress \`${name}\` controlled by different object`);
  const body = ingressPatch(live, wanted);
  if (body === undefined) return [];
  return [
    {
      type: INGRESS,
      name,
      action: 'patch',
      patch: { type: 'merge', body },
      events: [
        {
          type: 'Normal',
          reason: 'PatchingCanaryIngress',
          message: `Updating Ingress \`${name}\` to desiredWeight '${weight}'`,
        },
      ],
    },
  ];
}

function observe(rollout: Rollout, _scope: unknown, objects: RouterObjects): RouteObservation {
  const config = nginxConfig(rollout);
  if (config === undefined) return { weight: undefined, current: true };
  const weights = new Set(
    config.stableIngresses.map((stable) => {
      const name = canaryIngressName(rollout.metadata.name, stable);
      const text = objects.get(INGRESS, name)?.metadata.annotations?.[`${config.prefix}/canary-weight`];
      return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
    }),
  );
  const [weight] = weights;
  if (weights.size !== 1 || weight === undefined) return { weight: undefined, current: false };
  try {
    return { weight, current: desired(rollout, { weight }, objects).length === 0 };
  } catch (error) {
    // The write that follows will say what is wrong.
    if (error instanceof RouterError) return { weight, current: false };
    throw error;
  }
}

export const nginx: Router = {
  name: 'nginx',
  isConfigured: (rollout) => nginxConfig(rollout) !== undefined,
  types: [INGRESS],
  references(rollout) {
    const names = nginxConfig(rollout)?.stableIngresses ?? [];
    return names.flatMap((name) => [
      { type: INGRESS, name },
      { type: INGRESS, name: canaryIngressName(rollout.metadata.name, name) },
    ]);
  },
  desired,
  observe,
};
