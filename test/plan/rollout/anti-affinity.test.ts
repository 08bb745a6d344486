import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AntiAffinity } from '../../../src/api/rollout-strategy.ts';
import type { Rollout } from '../../../src/api/rollout.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { applyMergePatch } from '../../../src/lang/patch/merge.ts';
import { defaultPodTemplate } from '../../../src/lang/pod-defaults.ts';
import { podTemplatesEqual } from '../../../src/lang/pod-template.ts';
import { antiAffinityPatch, withAntiAffinity } from '../../../src/plan/rollout/anti-affinity.ts';
import { newReplicaSet, revisionsOf } from '../../../src/plan/rollout/revision.ts';
import { ownTemplate } from '../../../src/plan/rollout/strip.ts';
import { template } from './simulation.ts';

const PREFERRED = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 40 } };
const REQUIRED = { requiredDuringSchedulingIgnoredDuringExecution: {} };
const OWN: JsonObject = {
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'zone' },
    ],
  },
  nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] },
};

function rollout(antiAffinity: AntiAffinity, stableRS: string | undefined, affinity?: JsonObject): Rollout {
  const base = template('v2');
  const spec = base['spec'] as JsonObject;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo', namespace: 'shop', uid: 'rollout' },
    spec: {
      selector: { matchLabels: { app: 'demo' } },
      template: { ...base, spec: affinity === undefined ? spec : { ...spec, affinity } },
      strategy: { canary: { antiAffinity } },
    },
    ...(stableRS === undefined ? {} : { status: { stableRS } }),
  };
}

const term = (hash: string): JsonObject => ({
  labelSelector: {
    matchExpressions: [{ key: 'rollouts-pod-template-hash', operator: 'In', values: [hash] }],
  },
  namespaces: ['shop'],
  topologyKey: 'kubernetes.io/hostname',
});

describe('anti-affinity between versions (spec 02 section 12)', () => {
  it('is preferred with the given weight, or required', () => {
    assert.deepEqual(withAntiAffinity(rollout(PREFERRED, 'old'), 'new', {})['affinity'], {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: term('old'), weight: 40 }],
      },
    });
    assert.deepEqual(withAntiAffinity(rollout(REQUIRED, 'old'), 'new', {})['affinity'], {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('old')] },
    });
  });

  it('is not there for the first version, nor for the stable one', () => {
    assert.deepEqual(withAntiAffinity(rollout(PREFERRED, undefined), 'new', {}), {});
    assert.deepEqual(withAntiAffinity(rollout(PREFERRED, 'new'), 'new', {}), {});
    assert.deepEqual(withAntiAffinity(rollout({}, 'old'), 'new', {}), {});
  });

  it("keeps the user's own terms, and is stripped without a trace", () => {
    const of = rollout(REQUIRED, 'old', OWN);
    const created = newReplicaSet(of, revisionsOf(of, []), 1);
    const spec = created.spec.template['spec'] as JsonObject;
    const anti = (spec['affinity'] as JsonObject)['podAntiAffinity'] as Record<string, JsonObject[]>;
    assert.equal(anti['requiredDuringSchedulingIgnoredDuringExecution']?.length, 2);
    assert.ok(podTemplatesEqual(defaultPodTemplate(ownTemplate(created)), of.spec.template as JsonObject));
    const plain = rollout(REQUIRED, 'old');
    assert.ok(
      podTemplatesEqual(
        defaultPodTemplate(ownTemplate(newReplicaSet(plain, revisionsOf(plain, []), 1))),
        plain.spec.template as JsonObject,
      ),
    );
  });

  it('is renewed when another version has become stable, and left alone otherwise', () => {
    const first = rollout(REQUIRED, 'older', OWN);
    const created = newReplicaSet(first, revisionsOf(first, []), 1);
    const { hash } = revisionsOf(first, []);
    assert.equal(antiAffinityPatch(first, created, hash), undefined);
    const patch = antiAffinityPatch(rollout(REQUIRED, 'old', OWN), created, hash);
    assert.ok(patch !== undefined);
    const patched = applyMergePatch(created.spec.template['spec'] as JsonObject, patch) as JsonObject;
    assert.deepEqual(
      patched['affinity'],
      withAntiAffinity(rollout(REQUIRED, 'old', OWN), hash, { affinity: OWN })['affinity'],
    );
    // Promoted: the term stays until the ReplicaSet is replaced.
    assert.equal(antiAffinityPatch(rollout(REQUIRED, hash, OWN), created, hash), undefined);
  });

  it('goes where the setting has gone, with what held it', () => {
    const of = rollout(REQUIRED, 'older');
    const created = newReplicaSet(of, revisionsOf(of, []), 1);
    assert.deepEqual(antiAffinityPatch(rollout({}, 'old'), created, 'new'), { affinity: null });
  });
});
