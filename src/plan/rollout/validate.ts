/**
 * Whether a Rollout makes sense by itself (spec 01 sections 3.1 to 3.3). The order of the rules is that of the
 * reference, because users see the first error only. Pure.
 */

import { internal, invalid, required, type FieldError } from '../../api/field-error.ts';
import type { Rollout, RolloutSpec } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import { selectorFrom, SelectorError, type Selector } from '../../lang/selector.ts';
import { validateBlueGreen } from './validate/blue-green.ts';
import { validateCanary } from './validate/canary.ts';
import { Field } from './validate/field.ts';
import { validateLabelSelector } from './validate/labels.ts';
import { validatePodTemplate } from './validate/pod/template.ts';

const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

export interface ValidateOptions {
  /** The template (and maybe the selector) was read from the `workloadRef`, so that it is judged like any other. */
  templateResolved?: boolean | undefined;
}

/** Every error, in the order of evaluation; empty for a valid Rollout. */
export function validateRollout(rollout: Pick<Rollout, 'spec'>, options: ValidateOptions = {}): FieldError[] {
  const errors = validateSpec(rollout.spec, options.templateResolved === true);
  const { strategy } = rollout.spec;
  if (strategy?.blueGreen === undefined && strategy?.canary === undefined) {
    return [
      ...errors,
      required(
        'spec.strategy.strategy',
        "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
      ),
    ];
  }
  if (strategy.blueGreen !== undefined && strategy.canary !== undefined) {
    return [
      ...errors,
      invalid(
        'spec.strategy.strategy',
        'blueGreen: true canary: true',
        'Multiple Strategies can not be listed',
      ),
    ];
  }
  if (strategy.blueGreen !== undefined) errors.push(...validateBlueGreen(strategy.blueGreen, rollout.spec));
  if (strategy.canary !== undefined) errors.push(...validateCanary(strategy.canary));
  return errors;
}

function validateSpec(spec: RolloutSpec, templateResolved: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const nonNegative = (field: 'replicas' | 'minReadySeconds' | 'revisionHistoryLimit'): void => {
    const value = spec[field] ?? 0;
    if (value < 0) errors.push(invalid(`spec.${field}`, value, 'must be greater than or equal to 0'));
  };

  nonNegative('replicas');
  if (spec.selector === undefined) {
    if (spec.workloadRef === undefined) {
      errors.push(required('spec.selector', "Rollout has missing field '.spec.selector'"));
    }
  } else {
    if (spec.workloadRef === undefined)
      validateLabelSelector(new Field(spec.selector, 'spec.selector', errors));
    if (isEmptySelector(spec)) {
      errors.push(invalid('spec.selector', spec.selector, 'empty selector is invalid for deployment'));
    }
  }
  const unresolved = spec.workloadRef !== undefined && !templateResolved;
  if (unresolved && hasTemplate(spec.template)) {
    errors.push(internal('spec.template', 'template must be empty for workload reference rollout'));
  }
  const selector = readSelector(spec, errors);
  if (selector !== undefined && !unresolved) {
    errors.push(...validatePodTemplate(spec.template, selector, 'spec.template'));
  }
  nonNegative('minReadySeconds');
  nonNegative('revisionHistoryLimit');
  const deadline = spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_SECONDS;
  if (deadline < 0) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than or equal to 0'));
  }
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

function isEmptySelector({ selector }: RolloutSpec): boolean {
  const labels = Object.keys(selector?.matchLabels ?? {}).length;
  return labels + (selector?.matchExpressions ?? []).length === 0;
}

/** A template counts as given when it has labels or annotations, whatever its pod spec. */
function hasTemplate(template: JsonObject | undefined): boolean {
  const metadata = new Field(template, '', []).child('metadata');
  return ['labels', 'annotations'].some((name) => metadata.child(name).entries().length > 0);
}

/** An absent selector selects nothing; of one that can't be read there is an error. */
function readSelector(spec: RolloutSpec, errors: FieldError[]): Selector | undefined {
  try {
    return selectorFrom(spec.selector as JsonObject | undefined);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    errors.push(invalid('spec.selector', spec.selector, 'invalid label selector'));
    return undefined;
  }
}
