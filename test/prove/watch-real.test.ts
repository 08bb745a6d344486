import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { SandboxCluster } from '../../src/sandbox/index.ts';
import { rollout, service } from './manifests.ts';
import { HASH } from './rules/read.ts';
import { changeOf, watchRules } from './watch-real.ts';

describe('the rules over the watch of an API server', () => {
  it('know who wrote by managedFields', () => {
    const managed = (...names: string[]): { manager: string; time: string; subresource?: string }[] =>
      names.map((manager, i) => ({ manager, time: `2026-01-01T00:00:0${i}Z` }));
    const object = (names: string[]) => ({
      ...service('web'),
      metadata: { name: 'web', namespace: 'shop', managedFields: managed(...names) },
    });
    const roles = [['kubectl'], ['kubectl', 'sluice'], ['kubectl', 'kube-controller-manager'], []].map(
      (names) => changeOf(SERVICE, object(['kubectl']), object(names), 0).actor.role,
    );
    assert.deepEqual(roles, ['unknown', 'sluice', 'kubernetes', 'unknown']);
    const created = changeOf(SERVICE, undefined, object(['kubectl']), 7);
    assert.deepEqual([created.verb, created.actor.role, created.at], ['create', 'person', 7]);
    assert.equal(changeOf(SERVICE, object([]), undefined, 0).verb, 'delete');
  });

  it('see what is broken on a server, in its order, and who broke it', async () => {
    const cluster = new SandboxCluster({
      clock: systemClock,
      namespaces: ['shop'],
      crds: customResourceDefinitions() as unknown as JsonObject[],
      recordEvents: false,
    });
    cluster.start();
    const api = cluster.api();
    const watch = await watchRules(api);
    try {
      await api.create(SERVICE, service('web-active'), { fieldManager: 'kubectl' });
      const object = rollout({ blueGreen: { activeService: 'web-active' } });
      await api.create(ROLLOUT, object, { fieldManager: 'kubectl' });
      const body = { spec: { selector: { app: 'other' } } };
      const patch = { type: 'merge', body } as const;
      const ref = { namespace: 'shop', name: 'web-active' };
      await api.patch(SERVICE, ref, patch, { fieldManager: 'kubectl' });
      const hashed = { type: 'merge', body: { spec: { selector: { [HASH]: 'x', tier: 'y' } } } } as const;
      await api.patch(SERVICE, ref, hashed, { fieldManager: 'sluice' });
      const violations = await watch.stop();
      assert.deepEqual(
        violations.map(({ rule, objects }) => [rule, ...objects]),
        [[22, 'Service shop/web-active']],
      );
      assert.ok(watch.changes >= 4);
    } finally {
      await watch.stop();
      cluster.stop();
    }
  });
});
