import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout } from '../../../src/api/rollout.ts';
import { Draft } from '../../../src/plan/rollout/intents.ts';
import { WORKLOAD_GENERATION } from '../../../src/plan/rollout/names.ts';
import type { ResolvedWorkload, WorkloadFacts } from '../../../src/plan/rollout/workload-ref.ts';
import {
  planWorkload,
  refersToWorkload,
  withWorkload,
  workloadTemplate,
} from '../../../src/plan/rollout/workload-ref.ts';
import { template } from './simulation.ts';

const DEPLOYMENT: ResolvedWorkload = {
  kind: 'Deployment',
  name: 'legacy',
  generation: 3,
  template: template('v1'),
  selector: { matchLabels: { app: 'demo' } },
  replicas: 3,
  scaleDown: undefined,
};

const rollout = (spec: Rollout['spec'] = {}): Rollout => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'demo', annotations: { mine: 'yes' } },
  spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'legacy' }, ...spec },
});

function planned(facts: Partial<WorkloadFacts> & { scaleDown?: string }): {
  to: number | undefined;
  generation: string | undefined;
  observed: string | undefined;
} {
  const draft = new Draft();
  const observed = planWorkload({
    workload: { ...DEPLOYMENT, scaleDown: facts.scaleDown },
    annotations: undefined,
    old: {},
    replicas: 3,
    revision: 1,
    available: 0,
    promoted: true,
    now: 5,
    draft,
    ...facts,
  });
  const scaling = draft.intents.find((intent) => intent.kind === 'scaleWorkload');
  const meta = draft.intents.find((intent) => intent.kind === 'patchRolloutMeta');
  return {
    to: scaling?.kind === 'scaleWorkload' ? scaling.replicas : undefined,
    generation: meta?.kind === 'patchRolloutMeta' && meta.patch === 'workload' ? meta.generation : undefined,
    observed,
  };
}

describe('a Rollout that refers to a workload (spec 01 section 4)', () => {
  it('is decided like one with the template and the selector of its own', () => {
    const resolved = withWorkload(rollout(), DEPLOYMENT);
    assert.equal(resolved.spec.workloadRef, undefined);
    assert.deepEqual(resolved.spec.template, DEPLOYMENT.template);
    assert.deepEqual(resolved.spec.selector, DEPLOYMENT.selector);
    assert.deepEqual(resolved.metadata.annotations, { mine: 'yes', [WORKLOAD_GENERATION]: '3' });
    const own = { matchLabels: { app: 'other' } };
    assert.deepEqual(withWorkload(rollout({ selector: own }), DEPLOYMENT).spec.selector, own);
  });

  it('finds the template where each kind has it', () => {
    const spec = { template: template('v1'), selector: { matchLabels: { a: 'b' } }, replicas: 2 };
    assert.deepEqual(workloadTemplate({ kind: 'ReplicaSet', spec }), spec);
    assert.deepEqual(workloadTemplate({ kind: 'PodTemplate', template: template('v1') }), {
      template: template('v1'),
      selector: undefined,
      replicas: 0,
    });
    assert.deepEqual(workloadTemplate({ kind: 'Deployment', spec: 'garbage' }).template, {});
  });

  it('is not resolved over a template of its own, which is a mistake to be named', () => {
    assert.equal(refersToWorkload(rollout()), true);
    assert.equal(refersToWorkload(rollout({ template: { spec: { containers: [] } } })), true);
    assert.equal(refersToWorkload(rollout({ template: template('v1') })), false);
  });

  it('records the generation once, and tells it in the status', () => {
    assert.deepEqual(planned({}), { to: undefined, generation: '3', observed: '3' });
    assert.equal(planned({ annotations: { [WORKLOAD_GENERATION]: '3' } }).generation, undefined);
    const busy = new Draft();
    busy.intend({
      kind: 'patchRolloutMeta',
      key: 'rollout/revision',
      wave: 'objects',
      patch: 'revision',
      revision: 1,
    });
    assert.equal(planned({ draft: busy }).observed, undefined);
    assert.deepEqual([busy.intents.length, busy.requeueAt], [1, 5]);
    const draft = new Draft();
    assert.equal(planned({ workload: { error: 'gone' }, draft }).observed, undefined);
    assert.deepEqual(draft.intents, []);
  });
});

describe('scaleDown of the referenced Deployment', () => {
  const healthy = { old: { phase: 'Healthy' }, available: 3 };

  it('never happens unless asked for in exactly these words', () => {
    for (const scaleDown of ['never', '', 'OnSuccess', 'always'])
      assert.equal(planned({ ...healthy, scaleDown }).to, undefined);
    assert.equal(planned(healthy).to, undefined);
  });

  it('onsuccess: to 0 when the Rollout is healthy, not before', () => {
    assert.equal(planned({ scaleDown: 'onsuccess', available: 3 }).to, undefined);
    assert.equal(planned({ scaleDown: 'onsuccess', ...healthy, available: 2 }).to, undefined);
    assert.equal(planned({ scaleDown: 'onsuccess', ...healthy, promoted: false }).to, undefined);
    assert.equal(planned({ scaleDown: 'onsuccess', ...healthy }).to, 0);
  });

  it('progressively: as many as the Rollout does not have available, and never up', () => {
    const sizes = [0, 1, 2, 3].map((available) => planned({ scaleDown: 'progressively', available }).to);
    assert.deepEqual(sizes, [undefined, 2, 1, 0]);
    const small = { ...DEPLOYMENT, replicas: 1, scaleDown: 'progressively' };
    assert.equal(planned({ workload: small, available: 1 }).to, undefined);
  });

  it('is over after the first version, and concerns Deployments only', () => {
    assert.equal(planned({ scaleDown: 'onsuccess', ...healthy, revision: 2 }).to, undefined);
    const other = { ...DEPLOYMENT, kind: 'ReplicaSet', scaleDown: 'onsuccess' };
    assert.equal(planned({ workload: other, ...healthy }).to, undefined);
    const empty = { ...DEPLOYMENT, replicas: 0, scaleDown: 'onsuccess' };
    assert.equal(planned({ workload: empty, ...healthy }).to, undefined);
  });
});
