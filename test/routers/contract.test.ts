/** What holds for every router: it shows what it was told, and has nothing left to write then. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout } from '../../src/api/rollout.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { applyMergePatch } from '../../src/lang/patch/merge.ts';
import { ROUTERS } from '../../src/routers/index.ts';
import type { Router, RouteWish } from '../../src/routers/types.ts';
import { recorder, RECORDER_ROUTING } from './recorder.ts';

const HEADER = {
  setHeaderRoute: { name: 'h', match: [{ headerName: 'x', headerValue: { exact: 'y' } }] },
};
const MIRROR = { setMirrorRoute: { name: 'm', match: [{ method: { exact: 'GET' } }] } };
const ROUTING: Readonly<Record<string, JsonObject>> = {
  nginx: { nginx: { stableIngress: 'main' } },
  'plugins.test/recorder': RECORDER_ROUTING,
};

const wish = (change: Partial<RouteWish>): RouteWish => ({
  weight: 0,
  max: 100,
  canaryHash: 'new',
  stableHash: 'old',
  canaryService: 'c',
  stableService: 's',
  additional: [],
  managed: [],
  weightFirst: false,
  ...change,
});
const WISHES: readonly RouteWish[] = [
  wish({}),
  wish({ weight: 20 }),
  wish({ weight: 20, managed: [MIRROR, HEADER] }),
  wish({
    weight: 20,
    managed: [HEADER],
    additional: [{ serviceName: 'e', podTemplateHash: 'x', weight: 10 }],
  }),
  wish({ weight: 0, canaryHash: 'newer', weightFirst: true }),
  wish({ weight: 0, canaryHash: 'newer', stableHash: 'newer' }),
];

function rolloutFor(router: Router): Rollout {
  const trafficRouting = ROUTING[router.name];
  assert.ok(trafficRouting !== undefined, `${router.name} needs a configuration here`);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo', namespace: 'shop', uid: 'u' },
    spec: { strategy: { canary: { canaryService: 'c', stableService: 's', trafficRouting } } },
  } as unknown as Rollout;
}

function world(): Map<string, KubeObject> {
  const backend = { service: { name: 's', port: { number: 80 } } };
  const main = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'main', namespace: 'shop' },
    spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
  } as unknown as KubeObject;
  return new Map([['main', main]]);
}

for (const router of [...ROUTERS, recorder()]) {
  describe(`router ${router.name}`, () => {
    const rollout = rolloutFor(router);
    const objects = world();
    const read = { get: (_: unknown, name: string) => objects.get(name) };
    const write = (wanted: RouteWish): string[] =>
      router.desired(rollout, wanted, read).map((item) => {
        const live = objects.get(item.name);
        if (item.action === 'create') objects.set(item.name, item.object);
        else {
          const patched = applyMergePatch(live as unknown as JsonObject, item.patch.body as JsonObject);
          objects.set(item.name, patched as unknown as KubeObject);
        }
        return item.name;
      });

    it('shows that nothing is there yet', () => {
      assert.equal(router.isConfigured(rollout), true);
      const { weight, current } = router.observe(rollout, wish({}), read);
      assert.deepEqual([weight, current], [undefined, false]);
    });

    it('shows what it was told, and then writes nothing', () => {
      for (const wanted of WISHES) {
        write(wanted);
        const shown = router.observe(rollout, wanted, read);
        assert.deepEqual([shown.weight, shown.current], [wanted.weight, true]);
        for (const field of ['canaryHash', 'stableHash', 'additional', 'managed'] as const)
          if (shown[field] !== undefined) assert.deepEqual(shown[field], wanted[field]);
        assert.deepEqual(write(wanted), []);
        const missing = new Set(router.references(rollout).map(({ name }) => name));
        for (const name of objects.keys()) assert.ok(missing.has(name) || name === 'main', name);
      }
    });
  });
}

describe('the recorder', () => {
  const router = recorder();
  const rollout = rolloutFor(router);
  const objects = new Map<string, KubeObject>();
  const read = { get: (_: unknown, name: string) => objects.get(name) };
  const order = (wanted: RouteWish): string[] =>
    router.desired(rollout, wanted, read).map(({ name }) => name);

  it('lowers a weight before it changes the versions, where it is asked to', () => {
    assert.deepEqual(order(wish({ weightFirst: true })), ['demo-weights', 'demo-versions']);
    assert.deepEqual(order(wish({})), ['demo-versions', 'demo-weights']);
  });

  it('shows the weights of a pair whose parts were swapped', () => {
    for (const item of router.desired(
      rollout,
      wish({ weight: 30, canaryService: 'a', stableService: 'b' }),
      read,
    ))
      if (item.action === 'create') objects.set(item.name, item.object);
    const shown = router.observe(rollout, { max: 100, canaryService: 'b', stableService: 'a' }, read);
    assert.deepEqual([shown.weight, shown.canaryHash, shown.stableHash], [70, 'old', 'new']);
  });
});
