/** What a Rollout says about nginx (spec 07 section 1). */

import type { Rollout } from '../../api/rollout.ts';

export interface NginxConfig {
  readonly stableIngresses: readonly string[];
  readonly prefix: string;
  readonly additionalAnnotations: Readonly<Record<string, string>>;
  readonly canaryAnnotations: Readonly<Record<string, string>>;
  readonly stableService: string;
  readonly canaryService: string;
  /** Written as the total only where the user set it. */
  readonly maxWeight: number | undefined;
}

const DEFAULT_PREFIX = 'nginx.ingress.kubernetes.io';

export function nginxConfig(rollout: Rollout): NginxConfig | undefined {
  const canary = rollout.spec.strategy?.canary;
  const nginx = canary?.trafficRouting?.nginx;
  if (canary === undefined || nginx === undefined) return undefined;
  const single = nginx.stableIngress ?? '';
  return {
    stableIngresses: single === '' ? (nginx.stableIngresses ?? []) : [single],
    prefix:
      nginx.annotationPrefix === undefined || nginx.annotationPrefix === ''
        ? DEFAULT_PREFIX
        : nginx.annotationPrefix,
    additionalAnnotations: nginx.additionalIngressAnnotations ?? {},
    canaryAnnotations: nginx.canaryIngressAnnotations ?? {},
    stableService: canary.stableService ?? '',
    canaryService: canary.canaryService ?? '',
    maxWeight: canary.trafficRouting?.maxTrafficWeight,
  };
}

const MAX_NAME = 253;
const SUFFIX = '-canary';

export function canaryIngressName(rollout: string, stableIngress: string): string {
  return `${rollout}-${stableIngress}`.slice(0, MAX_NAME - SUFFIX.length) + SUFFIX;
}
