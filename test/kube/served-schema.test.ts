import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { schemaGaps } from '../../src/kube/served-schema.ts';
import type { JsonObject } from '../../src/lang/json.ts';

const definition = customResourceDefinitions().find(({ metadata }) => metadata.name.startsWith('rollouts.'));
const versions = (definition?.['spec'] as JsonObject | undefined)?.['versions'] as JsonObject[];
const ours = (versions[0]?.['schema'] as JsonObject | undefined)?.['openAPIV3Schema'] as JsonObject;

function served(edit: (schema: Record<string, never>) => void = () => {}): unknown {
  const schema = structuredClone(ours) as Record<string, never>;
  edit(schema);
  const gvk = [{ group: 'argoproj.io', version: 'v1alpha1', kind: 'Rollout' }];
  return {
    components: {
      schemas: {
        'io.argoproj.v1alpha1.RolloutList': { properties: {} },
        'io.argoproj.v1alpha1.Rollout': { ...(schema as object), 'x-kubernetes-group-version-kind': gvk },
      },
    },
  };
}
const at = (schema: unknown, path: string): Record<string, unknown> =>
  path.split('.').reduce((value: unknown, key) => (value as Record<string, unknown>)[key], schema) as Record<
    string,
    unknown
  >;
const gaps = (document: unknown): ReturnType<typeof schemaGaps> =>
  schemaGaps(document, 'argoproj.io', 'Rollout', ours);

describe('schemaGaps', () => {
  it('finds none in our own CRD', () => {
    assert.deepEqual(gaps(served()), { kind: 'Rollout', pruned: [], takesNumber: true });
  });

  it('names fields that the served schema prunes, at any depth', () => {
    const document = served((schema) => {
      delete at(schema, 'properties.spec.properties')['minReadySeconds'];
      delete at(schema, 'properties.status.properties.conditions.items.properties')['lastUpdateTime'];
    });
    assert.deepEqual(gaps(document)?.pruned, ['spec.minReadySeconds', 'status.conditions[].lastUpdateTime']);
  });

  it('takes what is preserved unread for known', () => {
    const document = served((schema) => {
      const spec = at(schema, 'properties.spec');
      delete spec['properties'];
      spec['x-kubernetes-preserve-unknown-fields'] = true;
    });
    assert.deepEqual(gaps(document)?.pruned, []);
  });

  it('tells whether observedGeneration may be a number', () => {
    const document = served((schema) => {
      at(schema, 'properties.status.properties')['observedGeneration'] = { type: 'string' };
    });
    assert.equal(gaps(document)?.takesNumber, false);
  });

  it('knows nothing of a kind that is not served, or of an odd document', () => {
    assert.equal(gaps({ components: { schemas: {} } }), undefined);
    assert.equal(gaps(null), undefined);
    assert.equal(gaps({ components: { schemas: { x: 'y' } } }), undefined);
  });
});
