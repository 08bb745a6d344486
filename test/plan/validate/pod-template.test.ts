import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { formatFieldError } from '../../../src/api/field-error.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { selectorFrom } from '../../../src/lang/selector.ts';
import { validatePodTemplate } from '../../../src/plan/rollout/validate/pod/template.ts';

interface Row {
  spec: JsonObject;
  errors: string[];
}

/** What an API server checks and we leave to it: the ReplicaSet is then refused, with its words. */
const LEFT_OUT = /\.(hostAliases\[|os: |securityContext\.shareProcessNamespace: )/;

const { rows } = JSON.parse(readFileSync(new URL('golden/pod-template.json', import.meta.url), 'utf8')) as {
  rows: Row[];
};

/** An API server gives the errors of a map in the order of Go's maps, which is none. */
const sorted = (texts: string[]): string[] => [...texts].sort();

it('a pod template is judged as kube-apiserver judges it', () => {
  const selector = selectorFrom({ matchLabels: { app: 'x' } });
  const differences: string[] = [];
  for (const [index, { spec, errors }] of rows.entries()) {
    const template = { metadata: { labels: { app: 'x' } }, spec };
    const got = validatePodTemplate(template, selector, 'spec.template').map(formatFieldError);
    const want = errors.filter((text) => !LEFT_OUT.test(text));
    if (JSON.stringify(sorted(got)) !== JSON.stringify(sorted(want))) {
      differences.push(`row ${index}\n  got  ${got.join('\n       ')}\n  want ${want.join('\n       ')}`);
    }
  }
  assert.ok(rows.length > 40);
  assert.equal(differences.length, 0, differences.join('\n'));
});
