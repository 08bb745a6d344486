/** Label maps and label selectors, as Kubernetes validates them. Pure. */

import { labelKeyErrors, labelValueErrors } from '../../../lang/label-syntax.ts';
import type { Field } from './field.ts';
import { qualifiedNameErrors } from './names.ts';

/** Errors name the map, not the key. */
export function validateLabels(labels: Field): void {
  for (const [key, value] of labels.entries()) {
    labels.invalidFor(labelKeyErrors(key), key);
    const text = value.text();
    labels.invalidFor(labelValueErrors(text), text);
  }
}

/** All annotations of an object together, in bytes. */
const MAX_ANNOTATIONS = 256 * 1024;

export function validateAnnotations(annotations: Field): void {
  let size = 0;
  for (const [key, value] of annotations.entries()) {
    annotations.invalidFor(qualifiedNameErrors(key.toLowerCase()), key);
    size += new TextEncoder().encode(key + value.text()).length;
  }
  if (size > MAX_ANNOTATIONS) {
    annotations.add({
      field: annotations.path,
      type: 'TooLong',
      detail: `may not be more than ${MAX_ANNOTATIONS} bytes`,
    });
  }
}

export function validateLabelSelector(selector: Field): void {
  if (!selector.isObject()) return;
  validateLabels(selector.child('matchLabels'));
  for (const expression of selector.child('matchExpressions').items()) {
    const operator = expression.child('operator');
    const values = expression.child('values');
    const texts = values.texts();
    switch (operator.text()) {
      case 'In':
      case 'NotIn':
        if (texts.length === 0) values.required("must be specified when `operator` is 'In' or 'NotIn'");
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (texts.length > 0) {
          values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        break;
      default:
        operator.invalid('not a valid selector operator');
    }
    const key = expression.child('key');
    key.invalidFor(labelKeyErrors(key.text()), key.text());
    for (const value of texts) value.invalidFor(labelValueErrors(value.text()));
  }
}
