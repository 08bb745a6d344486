/** Rules of canary steps (spec 01 section 3.3). Pure. */

import { invalid, required, type FieldError } from '../../../api/field-error.ts';
import type { AnalysisRunArgument } from '../../../api/analysis-args.ts';
import type {
  CanaryStep,
  CanaryStrategy,
  SetHeaderRoute,
  SetMirrorRoute,
  StringMatch,
} from '../../../api/rollout.ts';
import { parseDuration } from '../../../lang/duration.ts';
import { hasPlugins, validateManagedRoutes } from './routes.ts';

const DEFAULT_MAX_WEIGHT = 100;
const STEP =
  'Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause';
const MATCH_MISSED =
  'StringMatch value missed, match value must have one of the following: exact, regex, prefix';
const MATCH_ONE = 'StringMatch match value must have exactly one of the following: exact, regex, prefix';
/** Names of the members as the reference's message has them; the first four exclude each other. */
const MEMBERS = [
  ['Experiment', 'experiment'],
  ['Pause', 'pause'],
  ['SetWeight', 'setWeight'],
  ['Analysis', 'analysis'],
  ['SetCanaryScale', 'setCanaryScale'],
  ['SetHeaderRoute', 'setHeaderRoute'],
  ['SetMirrorRoute', 'setMirrorRoute'],
  ['Plugin', 'plugin'],
] as const;
const EXCLUSIVE = MEMBERS.slice(0, 4);

export function validateSteps(canary: CanaryStrategy): FieldError[] {
  const steps = canary.steps ?? [];
  return [
    ...steps.flatMap((step, index) => validateStep(step, `spec.strategy.steps[${index}]`, canary)),
    ...validateManagedRoutes(canary),
  ];
}

function validateStep(step: CanaryStep, path: string, canary: CanaryStrategy): FieldError[] {
  const errors = validateMembers(step, path);
  const routing = canary.trafficRouting;
  const whole = routing?.maxTrafficWeight ?? DEFAULT_MAX_WEIGHT;
  const { setWeight, pause } = step;
  if (setWeight !== undefined && (setWeight < 0 || setWeight > whole)) {
    errors.push(invalid(`${path}.setWeight`, setWeight, `SetWeight needs to be between 0 and ${whole}`));
  }
  if (pause?.duration !== undefined && pauseSeconds(pause.duration) < 0) {
    errors.push(
      invalid(`${path}.pause.duration`, pauseSeconds(pause.duration), 'Duration needs to be greater than 0'),
    );
  }
  if (step.setCanaryScale !== undefined && routing === undefined) {
    errors.push(required('spec.strategy.trafficRouting', 'SetCanaryScale requires TrafficRouting to be set'));
  }
  if (step.setHeaderRoute !== undefined)
    errors.push(...validateHeaderRoute(step.setHeaderRoute, path, canary));
  if (step.setMirrorRoute !== undefined)
    errors.push(...validateMirrorRoute(step.setMirrorRoute, path, canary));
  errors.push(...validateExperiment(step, path, canary), ...validateArguments(step, path));
  return errors;
}

/** A step without any member is the same error as one with two that exclude each other, with another value. */
function validateMembers(step: CanaryStep, path: string): FieldError[] {
  if (MEMBERS.every(([, member]) => step[member] === undefined)) {
    // What the reference prints here is whether each is missing.
    return [invalid(path, MEMBERS.map(([name]) => `step.${name}: true`).join(' '), STEP)];
  }
  const present = EXCLUSIVE.filter(([, member]) => step[member] !== undefined);
  if (present.length <= 1) return [];
  const value = EXCLUSIVE.map(([name, member]) => `step.${name}: ${step[member] !== undefined}`).join(' ');
  return [invalid(path, value, STEP)];
}

/**
 * Seconds of a pause: a number, digits, or a Go duration cut to whole seconds; -1 where it is none of these
 * (spec 01 section 2.3).
 */
export function pauseSeconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  if (/^[+-]?\d{1,10}$/.test(duration)) return Number(duration);
  try {
    return Math.trunc(parseDuration(duration) / 1000);
  } catch {
    return -1;
  }
}

function validateHeaderRoute(route: SetHeaderRoute, path: string, canary: CanaryStrategy): FieldError[] {
  const routing = canary.trafficRouting;
  const supported =
    routing?.istio !== undefined ||
    routing?.alb !== undefined ||
    routing?.apisix !== undefined ||
    hasPlugins(routing);
  if (!supported) {
    return [
      invalid(
        `${path}.setHeaderRoute`,
        route,
        'SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix',
      ),
    ];
  }
  return (route.match ?? []).flatMap(({ headerValue }, index) => {
    const at = `${path}.setHeaderRoute.match[${index}]`;
    return routing?.alb === undefined ? validateMatch(headerValue, at) : validateAlbMatch(headerValue, at);
  });
}

function validateAlbMatch(match: StringMatch | undefined, path: string): FieldError[] {
  if (match === undefined) return [invalid(path, match, MATCH_MISSED)];
  if ((match.exact ?? '') !== '' && (match.regex ?? '') === '' && (match.prefix ?? '') === '') return [];
  return [invalid(path, match, "SetHeaderRoute match value invalid. ALB supports 'exact' value only")];
}

function validateMirrorRoute(route: SetMirrorRoute, path: string, canary: CanaryStrategy): FieldError[] {
  const errors: FieldError[] = [];
  const routing = canary.trafficRouting;
  if (routing?.istio === undefined && !hasPlugins(routing)) {
    errors.push(
      invalid(
        `${path}.setMirrorRoute`,
        route,
        'SetMirrorRoute requires TrafficRouting, supports Istio and Plugins',
      ),
    );
  }
  for (const [index, match] of (route.match ?? []).entries()) {
    const at = `${path}.setMirrorRoute.match[${index}]`;
    for (const part of ['method', 'path'] as const) {
      if (match[part] !== undefined) errors.push(...validateMatch(match[part], at));
    }
  }
  return errors;
}

function validateMatch(match: StringMatch | undefined, path: string): FieldError[] {
  const set = [match?.exact, match?.regex, match?.prefix].filter((text) => (text ?? '') !== '').length;
  if (set === 0) return [invalid(path, match, MATCH_MISSED)];
  return set > 1 ? [invalid(path, match, MATCH_ONE)] : [];
}

function validateExperiment(step: CanaryStep, path: string, canary: CanaryStrategy): FieldError[] {
  const routing = canary.trafficRouting;
  const weighted = (step.experiment?.templates ?? []).flatMap((template, index) =>
    template.weight === undefined ? [] : [{ index, weight: template.weight }],
  );
  const able =
    routing?.alb !== undefined ||
    routing?.smi !== undefined ||
    routing?.istio !== undefined ||
    hasPlugins(routing);
  if (able) return [];
  const detail =
    routing === undefined
      ? 'Experiment template weight cannot be set unless TrafficRouting is enabled'
      : 'Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time';
  return weighted.map(({ index, weight }) =>
    invalid(`${path}.experiment.templates[${index}].weight`, weight, detail),
  );
}

/** One error for each list of arguments with a path that nothing can resolve. */
function validateArguments(step: CanaryStep, path: string): FieldError[] {
  const lists = [step.analysis?.args, ...(step.experiment?.analyses ?? []).map(({ args }) => args)];
  return lists
    .filter((args) => args?.some((arg) => !isResolvable(arg)))
    .map((args) =>
      invalid(
        `${path}.analyses`,
        args,
        'Analyses arguments must refer to valid object metadata supported by downwardAPI',
      ),
    );
}

/** Paths outside of `metadata` are resolved when the run is made. */
function isResolvable({ valueFrom }: AnalysisRunArgument): boolean {
  const path = valueFrom?.fieldRef?.fieldPath ?? '';
  return (
    !path.startsWith('metadata') ||
    /^metadata\.(name|namespace|uid|annotations|labels)$/.test(path) ||
    /^metadata\.(annotations|labels)\['.+'\]$/s.test(path)
  );
}
