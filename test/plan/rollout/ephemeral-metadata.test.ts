import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout, RolloutStrategy } from '../../../src/api/rollout.ts';
import {
  metadataNeedsPods,
  metadataPatch,
  metadataRecord,
  planMetadata,
  recordedMetadata,
  roleMetadata,
} from '../../../src/plan/rollout/ephemeral-metadata.ts';
import type { RolloutIntent } from '../../../src/plan/rollout/intents.ts';
import { Draft } from '../../../src/plan/rollout/intents.ts';
import { EPHEMERAL_METADATA, HASH_LABEL } from '../../../src/plan/rollout/names.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import type { Revisions } from '../../../src/plan/rollout/revision.ts';
import { newReplicaSet, revisionsOf } from '../../../src/plan/rollout/revision.ts';
import type { PodView } from '../../../src/plan/rollout/snapshot.ts';
import { ownTemplate } from '../../../src/plan/rollout/strip.ts';
import { template } from './simulation.ts';

const CANARY: RolloutStrategy = {
  canary: {
    canaryMetadata: { labels: { role: 'canary' }, annotations: { note: 'being tried' } },
    stableMetadata: { labels: { role: 'stable' } },
  },
};

function rollout(strategy: RolloutStrategy = CANARY, stableRS?: string): Rollout {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo', namespace: 'shop', uid: 'rollout' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'demo' } }, template: template('v2'), strategy },
    ...(stableRS === undefined ? {} : { status: { stableRS } }),
  };
}

interface Shape {
  size?: number;
  record?: string;
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  behind?: boolean;
}

function replicaSet(name: string, shape: Shape = {}): ReplicaSet {
  const { size = 1, record, metadata = {}, behind = false } = shape;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      uid: `uid-${name}`,
      generation: 2,
      labels: { [HASH_LABEL]: name },
      ...(record === undefined ? {} : { annotations: { [EPHEMERAL_METADATA]: record } }),
    },
    spec: {
      replicas: size,
      template: {
        metadata: { labels: { app: 'demo', ...metadata.labels }, annotations: metadata.annotations ?? {} },
      },
    },
    status: { replicas: size, observedGeneration: behind ? 1 : 2 },
  };
}

function revisions(fresh: ReplicaSet, stable?: ReplicaSet, others: ReplicaSet[] = []): Revisions {
  return {
    all: [fresh, ...(stable === undefined || stable === fresh ? [] : [stable]), ...others],
    fresh,
    hash: fresh.metadata.name,
    name: fresh.metadata.name,
    revision: 2,
    stable,
    others,
  };
}

const pod = (
  name: string,
  owner: string,
  labels: Record<string, string>,
  more: Partial<PodView> = {},
): PodView => ({
  name,
  uid: `uid-${name}`,
  replicaSet: `uid-${owner}`,
  createdAt: 0,
  terminating: false,
  readySince: 0,
  labels,
  annotations: {},
  ...more,
});

function plan(of: Rollout, given: Revisions, pods?: PodView[]): RolloutIntent[] {
  const draft = new Draft();
  planMetadata({ rollout: of, revisions: given, draft, pods }, of.status?.stableRS ?? '');
  return draft.intents;
}

describe('metadata by role (spec 02 section 11)', () => {
  it('is read of either strategy', () => {
    assert.deepEqual(roleMetadata(rollout())?.stable, { labels: { role: 'stable' }, annotations: {} });
    const blueGreen = rollout({
      blueGreen: { activeService: 'a', previewMetadata: { labels: { role: 'preview' } } },
    });
    assert.deepEqual(roleMetadata(blueGreen), {
      fresh: { labels: { role: 'preview' }, annotations: {} },
      stable: { labels: {}, annotations: {} },
    });
    assert.equal(roleMetadata(rollout({ canary: {} })), undefined);
  });

  it('never touches labels that tie a pod to its ReplicaSet', () => {
    const of = rollout({
      canary: { canaryMetadata: { labels: { app: 'x', [HASH_LABEL]: 'y', role: 'z' } } },
    });
    assert.deepEqual(roleMetadata(of)?.fresh.labels, { role: 'z' });
  });

  it('is recorded as the reference writes it, and read back', () => {
    const text = metadataRecord({ labels: { role: 'canary' }, annotations: { note: 'n' } });
    assert.equal(text, '{"labels":{"role":"canary"},"annotations":{"note":"n"}}');
    assert.equal(metadataRecord({ labels: {}, annotations: {} }), undefined);
    for (const garbage of ['', '[]', '{"labels":3}', 'x'])
      assert.deepEqual(recordedMetadata(replicaSet('a', { record: garbage })), {
        labels: {},
        annotations: {},
      });
  });

  it('adds, changes and takes back only what it put there', () => {
    const recorded = { labels: { role: 'canary', tier: 'test' }, annotations: {} };
    const wanted = { labels: { role: 'stable' }, annotations: { a: '1' } };
    assert.deepEqual(
      metadataPatch({ labels: { app: 'demo', role: 'canary', tier: 'test' } }, recorded, wanted),
      {
        labels: { role: 'stable', tier: null },
        annotations: { a: '1' },
      },
    );
    const done = { labels: { app: 'demo', role: 'stable' }, annotations: { a: '1' } };
    assert.equal(metadataPatch(done, recorded, wanted), undefined);
  });
});

describe('a new ReplicaSet', () => {
  it('is born with the metadata of its role', () => {
    const first = rollout();
    const created = newReplicaSet(first, revisionsOf(first, []), 2);
    assert.equal(created.metadata.annotations?.[EPHEMERAL_METADATA], '{"labels":{"role":"stable"}}');
    const update = rollout(CANARY, 'old');
    const canary = newReplicaSet(update, revisionsOf(update, []), 1);
    const metadata = canary.spec.template['metadata'] as { labels: object; annotations: object };
    assert.equal((metadata.labels as Record<string, string>)['role'], 'canary');
    assert.deepEqual(metadata.annotations, { note: 'being tried' });
    // Labels of the ReplicaSet itself are not those of a role, and the template compares as the user's own.
    assert.equal(canary.metadata.labels?.['role'], undefined);
    assert.equal(
      (ownTemplate(canary)['metadata'] as { labels: Record<string, string> }).labels['role'],
      undefined,
    );
  });
});

describe('metadata of existing ReplicaSets and pods', () => {
  const stableRecord = '{"labels":{"role":"stable"}}';
  const stable = replicaSet('old', { record: stableRecord, metadata: { labels: { role: 'stable' } } });
  const changed = replicaSet('new', {
    metadata: { labels: { role: 'canary' }, annotations: { note: 'being tried' } },
  });

  it('leaves alone what is as it should be, and everything without a setting', () => {
    const done = replicaSet('new', {
      record: '{"annotations":{"note":"being tried"},"labels":{"role":"canary"}}',
      metadata: { labels: { role: 'canary' }, annotations: { note: 'being tried' } },
    });
    assert.deepEqual(plan(rollout(CANARY, 'old'), revisions(done, stable)), []);
    assert.deepEqual(plan(rollout({ canary: {} }, 'old'), revisions(changed, stable)), []);
  });

  it('changes the template first and records nothing yet', () => {
    const fresh = replicaSet('new');
    const [first, ...more] = plan(rollout(CANARY, 'old'), revisions(fresh, stable));
    assert.deepEqual(more, []);
    assert.ok(first?.kind === 'setTemplateMetadata');
    assert.deepEqual(first.metadata, { labels: { role: 'canary' }, annotations: { note: 'being tried' } });
    assert.equal(first.record, undefined);
    assert.equal(metadataNeedsPods(rollout(CANARY, 'old'), revisions(fresh, stable)), false);
  });

  it('does it in one write where there are no pods', () => {
    const empty = replicaSet('new', { size: 0 });
    const [first] = plan(rollout(CANARY, 'old'), revisions(empty, stable));
    assert.ok(first?.kind === 'setTemplateMetadata');
    assert.equal(first.record, '{"labels":{"role":"canary"},"annotations":{"note":"being tried"}}');
  });

  it('waits for the controller of ReplicaSets, which may still make pods by the old template', () => {
    const behind = { ...changed, status: { replicas: 1, observedGeneration: 1 } };
    assert.deepEqual(plan(rollout(CANARY, 'old'), revisions(behind, stable), []), []);
    assert.equal(metadataNeedsPods(rollout(CANARY, 'old'), revisions(behind, stable)), false);
    assert.equal(metadataNeedsPods(rollout(CANARY, 'old'), revisions(changed, stable)), true);
  });

  it('brings the pods of that ReplicaSet up to date, then records', () => {
    const pods = [
      pod('done', 'new', { role: 'canary' }, { annotations: { note: 'being tried' } }),
      pod('late', 'new', { app: 'demo' }),
      pod('leaving', 'new', {}, { terminating: true }),
      pod('other', 'old', {}),
    ];
    const [intent] = plan(rollout(CANARY, 'old'), revisions(changed, stable), pods);
    assert.ok(intent?.kind === 'setPodMetadata');
    assert.deepEqual(
      intent.pods.map(({ target }) => target.name),
      ['late'],
    );
    assert.equal(intent.target.name, 'new');
    assert.equal(intent.record, '{"labels":{"role":"canary"},"annotations":{"note":"being tried"}}');
  });

  it('follows the roles: promoted gets stable, the old one nothing', () => {
    const promoted = replicaSet('new', {
      record: '{"labels":{"role":"canary"},"annotations":{"note":"being tried"}}',
      metadata: { labels: { role: 'canary' }, annotations: { note: 'being tried' } },
    });
    const old = {
      ...stable,
      spec: { ...stable.spec, replicas: 0 },
      status: { replicas: 0, observedGeneration: 2 },
    };
    const intents = plan(rollout(CANARY, 'new'), revisions(promoted, promoted, [old]));
    const byName = new Map(
      intents.flatMap((item) =>
        item.kind === 'setTemplateMetadata' ? [[item.target.name, item] as const] : [],
      ),
    );
    assert.deepEqual(byName.get('new')?.metadata, {
      labels: { role: 'stable' },
      annotations: { note: null },
    });
    assert.deepEqual(byName.get('old')?.metadata, { labels: { role: null } });
    assert.equal(byName.get('old')?.record, null);
  });
});
