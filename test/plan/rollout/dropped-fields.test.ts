/** Fields that the installed CRD dropped, as far as that can be known. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutStatus } from '../../../src/api/rollout.ts';
import { droppedFields, withDroppedFields } from '../../../src/plan/rollout/dropped-fields.ts';

const NOW = Date.UTC(2026, 0, 1);
const PATHS = ['spec.extra', 'spec.strategy.canary.steps[].mine', 'spec.named.*.deep'];

const object = (applied: unknown, rest: object = {}): Parameters<typeof droppedFields>[0] => ({
  metadata: {
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration':
        typeof applied === 'string' ? applied : JSON.stringify(applied),
    },
  },
  ...rest,
});

describe('dropped fields', () => {
  it('are those that the applied manifest has and the object lacks', () => {
    const applied = {
      spec: {
        extra: false,
        strategy: { canary: { steps: [{ setWeight: 1 }, { mine: {} }] } },
        named: { a: { deep: 0 } },
      },
    };
    assert.deepEqual(droppedFields(object(applied), PATHS), PATHS);
    assert.deepEqual(droppedFields(object(applied, applied), PATHS), []);
    assert.deepEqual(droppedFields(object({ spec: { strategy: { canary: { steps: [{}] } } } }), PATHS), []);
    assert.deepEqual(droppedFields(object({ spec: { extra: null } }), PATHS), [], 'null asks for nothing');
    assert.deepEqual(droppedFields(object(applied), []), []);
  });

  it('can not be known without the annotation, or where it makes no sense', () => {
    assert.deepEqual(droppedFields({ metadata: {} }, PATHS), []);
    for (const text of ['{', '[]', '7', '{"spec": 1}', ''])
      assert.deepEqual(droppedFields(object(text), PATHS), []);
  });

  it('are a condition and one Event, told once', () => {
    const stored: RolloutStatus = { observedGeneration: '1', phase: 'Healthy', conditions: [] };
    const first = withDroppedFields(undefined, stored, ['spec.extra'], NOW);
    assert.deepEqual(
      first.status?.conditions?.map(({ type, status }) => `${type} ${status}`),
      ['FieldsDropped True'],
    );
    assert.match(first.event?.message ?? '', /dropped them: spec\.extra\. Apply deploy\/crds/);
    const second = withDroppedFields(undefined, first.status as RolloutStatus, ['spec.extra'], NOW + 1_000);
    assert.deepEqual(second, { status: undefined });
    const more = withDroppedFields(
      undefined,
      first.status as RolloutStatus,
      ['spec.extra', 'spec.b'],
      NOW + 1_000,
    );
    assert.match(more.event?.message ?? '', /spec\.extra, spec\.b/);
    const gone = withDroppedFields(undefined, first.status as RolloutStatus, [], NOW + 1_000);
    assert.deepEqual(gone, { status: { ...stored, conditions: [] } });
  });

  it('leave a decided status as it is where there are none, and wait for the first one', () => {
    const decided: RolloutStatus = { observedGeneration: '1', phase: 'Healthy' };
    assert.equal(withDroppedFields(decided, {}, [], NOW).status, decided);
    assert.deepEqual(withDroppedFields(undefined, {}, ['spec.extra'], NOW), { status: undefined });
    assert.equal(withDroppedFields(decided, {}, ['spec.extra'], NOW).status?.conditions?.length, 1);
  });
});
