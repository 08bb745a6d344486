import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decode, formatIssues } from '../../../src/api/decode.ts';
import { formatFieldError, type FieldError } from '../../../src/api/field-error.ts';
import { rolloutSchema, type Rollout } from '../../../src/api/rollout.ts';
import { validateRollout } from '../../../src/plan/rollout/validate.ts';
import { withVectors } from '../../shared.ts';

interface WantedError {
  field: string;
  type: string;
  detail: string;
  error: string;
}
interface Row {
  base: string;
  changes: string[];
  rollout: object;
  errors: WantedError[];
  message?: string;
}

/**
 * Deliberate deviation: where a mirror match has two values in `method`, the reference says so twice (it checks
 * `method` in the place of `headers`). We say it once; users see the first error only, and the order stays.
 */
const withoutTwins = (errors: WantedError[]): WantedError[] =>
  errors.filter(
    (error, at) => !(error.error === errors[at - 1]?.error && error.field.includes('.setMirrorRoute.match[')),
  );

const TYPES: Record<string, string> = { InternalError: 'Internal' };
const typeOf = (type: string): string => TYPES[type] ?? type.replace(/^FieldValue/, '');

function decodeRollout(raw: object): Rollout {
  const decoded = decode(rolloutSchema, { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', ...raw });
  assert.ok(decoded.ok, decoded.ok ? '' : formatIssues(decoded.issues));
  return decoded.value;
}

const brief = ({ field, type, detail }: { field: string; type: string; detail: string }): string =>
  `${field} | ${type} | ${detail}`;

withVectors<Row>('validation', (rows) => {
  it('gives the same errors in the same order', () => {
    const differences: string[] = [];
    for (const [index, row] of rows.entries()) {
      const got = validateRollout(decodeRollout(row.rollout)).map(brief);
      const want = withoutTwins(row.errors).map((error) => brief({ ...error, type: typeOf(error.type) }));
      if (JSON.stringify(got) !== JSON.stringify(want)) {
        differences.push(
          `row ${index} ${row.base} ${row.changes.join('; ')}\n  got\n    ${got.join('\n    ')}\n  want\n    ${want.join('\n    ')}`,
        );
      }
    }
    assert.equal(differences.length, 0, differences.join('\n'));
  });

  it('prints plain values as the reference does', () => {
    const differences: string[] = [];
    let compared = 0;
    for (const [index, row] of rows.entries()) {
      for (const [at, error] of validateRollout(decodeRollout(row.rollout)).entries()) {
        const want = withoutTwins(row.errors)[at]?.error ?? '';
        if (isPlain(error) === false || want.includes('0xPTR')) continue;
        compared += 1;
        if (formatFieldError(error) !== want) {
          differences.push(`row ${index}: ${formatFieldError(error)}\n  want ${want}`);
        }
      }
    }
    assert.equal(differences.length, 0, differences.join('\n'));
    assert.ok(compared > 200, `only ${compared} compared`);
  });
});

/** Structures are printed by Go's rules in the reference, as JSON by us. */
const isPlain = ({ value }: FieldError): boolean => typeof value !== 'object';
