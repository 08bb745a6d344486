/** What a Rollout refers to, and how the found objects are handed over. Pure. */

import { invalid, type FieldError } from '../../../../api/field-error.ts';
import type { AnalysisTemplateRef, RolloutAnalysis } from '../../../../api/analysis-args.ts';
import type { CanaryStrategy, IstioVirtualService, Rollout } from '../../../../api/rollout.ts';
import type { JsonObject } from '../../../../lang/json.ts';
import { templatesOf, strategyOf, namespaceOf } from '../../defaults.ts';

/** By name; a name that is not there was not found. */
export type Found = Readonly<Record<string, JsonObject | undefined>>;

/** Raw objects. A kind that is absent was not looked up, and is not judged. */
export interface ReferencedObjects {
  services?: Found | undefined;
  ingresses?: Found | undefined;
  analysisTemplates?: Found | undefined;
  clusterAnalysisTemplates?: Found | undefined;
  /** By `namespace/name`. */
  virtualServices?: Found | undefined;
  mappings?: Found | undefined;
  appMeshVirtualServices?: Found | undefined;
  /** By `namespace/name`. */
  appMeshVirtualRouters?: Found | undefined;
}

export const get = (found: Found, name: string): JsonObject | undefined =>
  Object.hasOwn(found, name) ? found[name] : undefined;

export interface Reference {
  /** Where the Rollout names it. */
  field: string;
  name: string;
}

const CANARY = 'spec.strategy.canary';
export const ROUTING = `${CANARY}.trafficRouting`;

/** Services, in the order in which they are looked up. */
export function serviceReferences({ spec }: Rollout): Reference[] {
  const { blueGreen, canary } = strategyOf({ spec });
  return [
    { field: 'spec.strategy.blueGreen.activeService', name: blueGreen?.activeService },
    { field: 'spec.strategy.blueGreen.previewService', name: blueGreen?.previewService },
    { field: `${CANARY}.stableService`, name: canary?.stableService },
    { field: `${CANARY}.canaryService`, name: canary?.canaryService },
    { field: `${CANARY}.pingPong.pingService`, name: canary?.pingPong?.pingService },
    { field: `${CANARY}.pingPong.pongService`, name: canary?.pingPong?.pongService },
  ].filter((reference): reference is Reference => (reference.name ?? '') !== '');
}

export type AnalysisRole = 'prePromotion' | 'postPromotion' | 'step' | 'background';

export interface AnalysisReference {
  field: string;
  role: AnalysisRole;
  analysis: RolloutAnalysis;
}

/** Analyses of the strategy. Those of experiment steps are looked at when the experiment starts. */
export function analysisReferences({ spec }: Rollout): AnalysisReference[] {
  const { blueGreen, canary } = strategyOf({ spec });
  const found: AnalysisReference[] = [];
  const add = (field: string, role: AnalysisRole, analysis: RolloutAnalysis | undefined): void => {
    if (analysis !== undefined) found.push({ field: `${field}.templates`, role, analysis });
  };
  add('spec.strategy.blueGreen.prePromotionAnalysis', 'prePromotion', blueGreen?.prePromotionAnalysis);
  add('spec.strategy.blueGreen.postPromotionAnalysis', 'postPromotion', blueGreen?.postPromotionAnalysis);
  for (const [index, step] of (canary?.steps ?? []).entries()) {
    add(`${CANARY}.steps[${index}].analysis`, 'step', step.analysis);
  }
  add(`${CANARY}.analysis`, 'background', canary?.analysis);
  return found;
}

export const templateReferences = (rollout: Rollout): AnalysisTemplateRef[] =>
  analysisReferences(rollout).flatMap(({ analysis }) => templatesOf(analysis));

/** Ingresses; where ALB is configured, only its own. */
export function ingressReferences({ spec }: Rollout): Reference[] {
  const { alb, nginx } = spec.strategy?.canary?.trafficRouting ?? {};
  if (alb !== undefined) {
    return [
      ...listOf(alb.ingress).map((name) => ({ field: `${ROUTING}.alb.ingress`, name })),
      ...(alb.ingresses ?? []).map((name) => ({ field: `${ROUTING}.alb.ingresses`, name })),
    ];
  }
  return nginxReferences(nginx);
}

/** What nginx takes for stable Ingresses. */
export function nginxReferences(nginx: NonNullable<CanaryStrategy['trafficRouting']>['nginx']): Reference[] {
  return [
    ...listOf(nginx?.stableIngress).map((name) => ({ field: `${ROUTING}.nginx.stableIngress`, name })),
    ...(nginx?.stableIngresses ?? []).map((name) => ({ field: `${ROUTING}.nginx.stableIngresses`, name })),
  ];
}

const listOf = (name: string | undefined): string[] => (name === undefined || name === '' ? [] : [name]);

export interface VirtualServiceReference extends Reference {
  namespace: string;
  config: IstioVirtualService;
}

/** VirtualServices of Istio. `name` may carry a namespace: `vs.other`, also with `.svc.cluster.local` behind. */
export function virtualServiceReferences({ spec, metadata }: Rollout): VirtualServiceReference[] {
  const { virtualService, virtualServices } = spec.strategy?.canary?.trafficRouting?.istio ?? {};
  const make = (field: string, config: IstioVirtualService): VirtualServiceReference => {
    const [name = '', namespace = namespaceOf({ metadata })] = splitName(config.name);
    return { field, name, namespace, config };
  };
  return [
    ...(virtualService === undefined ? [] : [make(`${ROUTING}.istio.virtualService.name`, virtualService)]),
    ...(virtualServices ?? []).map((config) => make(`${ROUTING}.istio.virtualServices.name`, config)),
  ];
}

/** The last part behind a dot is the namespace (spec 07 section 2). */
function splitName(text: string): string[] {
  const short = text.replace(/(\.svc)?\.cluster\.local$/, '');
  const dot = short.lastIndexOf('.');
  return dot <= 0 ? [short] : [short.slice(0, dot), short.slice(dot + 1)];
}

/** An API server's words for an object that is not there. */
export function missing(reference: Reference, resource: string): FieldError {
  return invalid(reference.field, reference.name, `${resource} "${reference.name}" not found`);
}
