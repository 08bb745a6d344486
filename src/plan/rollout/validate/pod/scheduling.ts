/** Affinity, tolerations and spreading. Pure. */

import { labelKeyErrors, labelValueErrors } from '../../../../lang/label-syntax.ts';
import type { Field } from '../field.ts';
import { validateLabelSelector } from '../labels.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

export function validateAffinity(affinity: Field): void {
  if (!affinity.isObject()) return;
  validateNodeAffinity(affinity.child('nodeAffinity'));
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const pods = affinity.child(kind);
    if (!pods.isObject()) continue;
    for (const term of pods.child(REQUIRED).items()) validatePodTerm(term);
    for (const preferred of pods.child(PREFERRED).items()) {
      validateWeight(preferred.child('weight'));
      validatePodTerm(preferred.child('podAffinityTerm'));
    }
  }
}

function validatePodTerm(term: Field): void {
  validateLabelSelector(term.child('labelSelector'));
  validateLabelSelector(term.child('namespaceSelector'));
  const key = term.child('topologyKey');
  if (key.text() === '') key.required('can not be empty');
  key.invalidFor(labelKeyErrors(key.text()), key.text());
}

function validateWeight(weight: Field): void {
  const value = weight.integer() ?? 0;
  if (value < 1 || value > 100) weight.invalid('must be in the range 1-100', value);
}

function validateNodeAffinity(affinity: Field): void {
  if (!affinity.isObject()) return;
  const required = affinity.child(REQUIRED);
  if (required.isObject()) {
    const terms = required.child('nodeSelectorTerms');
    const items = terms.items();
    if (items.length === 0) terms.required('must have at least one node selector term');
    for (const term of items) validateNodeTerm(term);
  }
  for (const preferred of affinity.child(PREFERRED).items()) {
    validateWeight(preferred.child('weight'));
    validateNodeTerm(preferred.child('preference'));
  }
}

function validateNodeTerm(term: Field): void {
  for (const expression of term.child('matchExpressions').items()) {
    const operator = expression.child('operator');
    const values = expression.child('values');
    const count = values.texts().length;
    switch (operator.text()) {
      case 'In':
      case 'NotIn':
        if (count === 0) values.required("must be specified when `operator` is 'In' or 'NotIn'");
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (count > 0) values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        break;
      case 'Gt':
      case 'Lt':
        if (count !== 1) values.required("must be specified single value when `operator` is 'Lt' or 'Gt'");
        break;
      default:
        operator.invalid('not a valid selector operator');
    }
    const key = expression.child('key');
    key.invalidFor(labelKeyErrors(key.text()), key.text());
  }
}

export function validateTolerations(tolerations: Field): void {
  for (const toleration of tolerations.items()) {
    const key = toleration.child('key');
    const operator = toleration.child('operator');
    const effect = toleration.child('effect');
    const value = toleration.child('value').text();
    if (key.text() !== '') key.invalidFor(labelKeyErrors(key.text()));
    if (key.text() === '' && operator.text() !== 'Exists') {
      operator.invalid(
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        operator.text(),
      );
    }
    if (toleration.child('tolerationSeconds').present && effect.text() !== 'NoExecute') {
      effect.invalid("effect must be 'NoExecute' when `tolerationSeconds` is set", effect.text());
    }
    if (['', 'Equal'].includes(operator.text())) operator.invalidFor(labelValueErrors(value), value);
    else if (operator.text() === 'Exists') {
      if (value !== '') operator.invalid("value must be empty when `operator` is 'Exists'", value);
    } else operator.notSupported(['Equal', 'Exists']);
    if (!['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'].includes(effect.text())) {
      effect.notSupported(['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
    }
  }
}

export function validateTopologySpread(constraints: Field): void {
  const items = constraints.items();
  for (const [index, constraint] of items.entries()) {
    const skew = constraint.child('maxSkew');
    if ((skew.integer() ?? 0) <= 0) skew.invalid('must be greater than zero', skew.value ?? 0);
    const key = constraint.child('topologyKey');
    if (key.text() === '') key.required('can not be empty');
    const when = constraint.child('whenUnsatisfiable');
    if (!['DoNotSchedule', 'ScheduleAnyway'].includes(when.text())) {
      when.notSupported(['DoNotSchedule', 'ScheduleAnyway']);
    }
    const pair = pairOf(constraint);
    // The earlier of the two is named, as an API server has it.
    const later = items.slice(index + 1).map(pairOf);
    if (later.includes(pair)) constraint.child('{topologyKey, whenUnsatisfiable}').duplicate(pair);
    validateLabelSelector(constraint.child('labelSelector'));
  }
}

const pairOf = (constraint: Field): string =>
  `{${String(constraint.child('topologyKey').value)}, ${String(constraint.child('whenUnsatisfiable').value)}}`;
