/** Every field that is wrong or unknown in a Rollout and in what stands beside it. Pure. */

import { formatFieldError } from '../../api/field-error.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { RolloutSnapshot } from '../../plan/rollout/index.ts';
import { notImplemented } from '../../plan/rollout/not-implemented.ts';
import { validateReferences } from '../../plan/rollout/validate-references.ts';
import { validateRollout } from '../../plan/rollout/validate.ts';
import { nearest } from '../args/suggest.ts';
import { nameOf, unknownFields } from '../manifests.ts';

export interface Problem {
  /** `Rollout "web"`. */
  readonly object: string;
  readonly field: string;
  readonly message: string;
}

export function problemsOf(
  manifest: JsonObject,
  manifests: readonly JsonObject[],
  { rollout, issues, references, workload }: RolloutSnapshot,
): Problem[] {
  const own = nameOf(manifest);
  const unknown = [manifest, ...manifests.filter(({ kind }) => kind !== 'Rollout')].flatMap((object) =>
    unknownFields(object).map(({ name, path, known }) => {
      const near = nearest(name, known);
      const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
      return { object: nameOf(object), field: path, message: `unknown field ${JSON.stringify(name)}${hint}` };
    }),
  );
  if (rollout === undefined)
    return [...unknown, ...issues.map(({ path, message }) => ({ object: own, field: path, message }))];
  const errors = [...validateRollout(rollout), ...validateReferences(rollout, references)];
  return [
    ...unknown,
    ...errors.map((error) => ({
      object: own,
      field: error.field,
      message: formatFieldError(error).slice(error.field.length + 2),
    })),
    ...notImplemented(rollout).map(({ field, reason }) => ({
      object: own,
      field,
      message: `not implemented: ${reason}`,
    })),
    ...(workload !== undefined && 'error' in workload
      ? [{ object: own, field: 'spec.workloadRef', message: workload.error }]
      : []),
  ];
}
