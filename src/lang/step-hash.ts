/**
 * `status.currentStepHash`: FNV-1a 32 over the JSON of the typed canary steps, in decimal, then the safe
 * encoding (spec 01 section 5). It must equal the value that an Argo Rollouts installation left in the status, or
 * a controller swap would start steps again. Pure.
 */

import { fnv32a, safeEncode } from './hash.ts';
import { isObject, type JsonObject } from './json.ts';
import { memoizeFrozen } from './memo.ts';
import { canonicalQuantity } from './quantity.ts';
import { readStructs, type Struct } from './struct-table.ts';
import { printTyped } from './typed-print.ts';

/** The order of the fields of the v1alpha1 API; the letters are those of `core-v1-fields.ts`. */
const STEPS = readStructs(`Canary steps:[]CanaryStep
CanaryStep setWeight?:*i pause?:*Pause experiment?:*ExperimentStep analysis?:*Analysis setCanaryScale?:*SetCanaryScale setHeaderRoute?:*SetHeaderRoute setMirrorRoute?:*SetMirrorRoute plugin?:*Plugin
Pause duration?:*x
ExperimentStep templates:[]ExperimentTemplate duration?:s analyses?:[]ExperimentAnalysis dryRun?:[]DryRun analysisRunMetadata?:Metadata scaleDownDelaySeconds?:*i
ExperimentTemplate name:s specRef:s replicas?:*i metadata?:Metadata selector?:*LabelSelector weight?:*i service?:*Service
ExperimentAnalysis name:s templateName:s clusterScope?:b args?:[]Argument requiredForCompletion?:b
Metadata labels?:{}s annotations?:{}s
LabelSelector matchLabels?:{}s matchExpressions?:[]LabelExpression
LabelExpression key:s operator:s values?:[]s
Service name?:s
Argument name:s value?:s valueFrom?:*ValueFrom
ValueFrom podTemplateHashValue?:*s fieldRef?:*FieldRef
FieldRef fieldPath:s
Analysis templates?:[]TemplateRef args?:[]Argument dryRun?:[]DryRun measurementRetention?:[]Retention analysisRunMetadata?:*Metadata
TemplateRef templateName:s clusterScope?:b
DryRun metricName:s
Retention metricName:s limit:i
SetCanaryScale weight?:*i replicas?:*i matchTrafficWeight?:b
SetHeaderRoute name?:s match?:[]HeaderMatch
HeaderMatch headerName:s headerValue:*StringMatch
StringMatch exact?:s prefix?:s regex?:s
SetMirrorRoute name:s match?:[]RouteMatch percentage?:*i
RouteMatch method?:*StringMatch path?:*StringMatch headers?:{}StringMatch
Plugin name:s config?:*r`);

const CANARY = STEPS.get('Canary') as Struct;

/** `strategy` is `spec.strategy`; '' where it has no canary. No steps, no list and a null hash alike. */
export function stepHash(strategy: JsonObject): string {
  const { canary } = strategy;
  return isObject(canary) ? hashOfCanary(canary) : '';
}

const hashOfCanary = memoizeFrozen((canary: JsonObject): string => {
  const printed = printTyped(CANARY, canary, { quantity: canonicalQuantity, nilIsEmpty: false });
  const steps = printed.slice('{"steps":'.length, -1);
  const json = steps === '[]' ? 'null' : steps;
  return safeEncode(String(fnv32a(new TextEncoder().encode(json))));
});
