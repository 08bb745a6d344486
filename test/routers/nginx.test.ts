import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout } from '../../src/api/rollout.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { applyMergePatch } from '../../src/lang/patch/merge.ts';
import { nginx } from '../../src/routers/nginx/index.ts';
import type { RouteWish } from '../../src/routers/types.ts';
import { RouterError } from '../../src/routers/types.ts';
import { dropZeros, withVectors } from '../shared.ts';

interface Row {
  rollout: Rollout;
  ingresses: KubeObject[];
  weight: number;
  out?: Record<string, unknown>;
  error?: string;
}

const wish = (weight: number, max = 100): RouteWish => ({
  weight,
  max,
  canaryHash: 'new',
  stableHash: 'old',
  canaryService: 'canary',
  stableService: 'stable',
  additional: [],
  managed: [],
  weightFirst: false,
});

/** The Ingresses after the writes, by name. */
function route(rollout: Rollout, ingresses: readonly KubeObject[], weight: number): Map<string, KubeObject> {
  const objects = new Map(ingresses.map((ingress) => [ingress.metadata.name, ingress]));
  const max = rollout.spec.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;
  for (const write of nginx.desired(rollout, wish(weight, max), { get: (_, name) => objects.get(name) })) {
    if (write.action === 'create') {
      objects.set(write.name, write.object);
    } else {
      assert.equal(write.patch.type, 'merge');
      const live = objects.get(write.name) as unknown as JsonObject;
      objects.set(write.name, applyMergePatch(live, write.patch.body as JsonObject) as unknown as KubeObject);
    }
  }
  return objects;
}

const withGvk = (rollout: Rollout): Rollout => ({
  ...rollout,
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
});

withVectors<Row>('routes-nginx', (rows) => {
  rows.forEach((row, i) => {
    it(`row ${i}`, () => {
      const rollout = withGvk(row.rollout);
      if (row.error !== undefined) {
        assert.throws(
          () => route(rollout, row.ingresses, row.weight),
          (error) => {
            assert.ok(error instanceof RouterError);
            // With several Ingresses the reference leaves the name empty; ours says which one it is.
            const nameless = row.error?.includes('ingress `` has') === true;
            const text = nameless
              ? error.message.replace(/ingress `\w+` has/, 'ingress `` has')
              : error.message;
            assert.equal(text, row.error);
            return true;
          },
        );
        return;
      }
      const after = Object.fromEntries(
        [...route(rollout, row.ingresses, row.weight)].map(([name, object]) => {
          const { apiVersion: _, kind: __, ...rest } = object;
          return [name, rest];
        }),
      );
      assert.deepEqual(dropZeros(after), dropZeros(row.out));
    });
  });
});

describe('nginx', () => {
  const rollout = withGvk({
    metadata: { name: 'demo', namespace: 'shop', uid: 'uid-1' },
    spec: {
      strategy: {
        canary: {
          stableService: 's',
          canaryService: 'c',
          trafficRouting: { nginx: { stableIngress: 'main' } },
        },
      },
    },
  } as unknown as Rollout);
  const main = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'main', namespace: 'shop' },
    spec: {
      rules: [
        { http: { paths: [{ path: '/', backend: { service: { name: 's', port: { number: 80 } } } }] } },
      ],
    },
  } as unknown as KubeObject;
  const observe = (objects: Map<string, KubeObject>) =>
    nginx.observe(
      rollout,
      { max: 100, canaryService: 'c', stableService: 's' },
      { get: (_, name) => objects.get(name) },
    );

  it('sees no weight before the canary Ingress is there', () => {
    assert.deepEqual(observe(new Map([['main', main]])), { weight: undefined, current: false });
  });

  it('is settled after its own write: the same wish writes nothing', () => {
    const after = route(rollout, [main], 20);
    assert.deepEqual(observe(after), { weight: 20, current: true });
    assert.deepEqual(nginx.desired(rollout, wish(20), { get: (_, name) => after.get(name) }), []);
  });

  it('notices that somebody changed the canary Ingress', () => {
    const after = route(rollout, [main], 20);
    const canary = structuredClone(after.get('demo-main-canary'));
    assert.ok(canary !== undefined);
    canary['spec'] = { rules: [] };
    after.set('demo-main-canary', canary);
    assert.deepEqual(observe(after), { weight: 20, current: false });
  });

  it('follows a change of the stable Ingress', () => {
    const after = route(rollout, [main], 20);
    after.set('main', { ...main, spec: { ...(main['spec'] as object), ingressClassName: 'other' } });
    assert.deepEqual(observe(after), { weight: 20, current: false });
  });

  it('writes nothing at all when one of several Ingresses is missing', () => {
    const two = structuredClone(rollout);
    const routing = two.spec.strategy?.canary?.trafficRouting;
    assert.ok(routing !== undefined);
    routing.nginx = { stableIngresses: ['main', 'gone'] };
    assert.throws(
      () => nginx.desired(two, wish(1), { get: (_, name) => (name === 'main' ? main : undefined) }),
      /error retrieving stableIngress `gone` from cache: ingress.networking.k8s.io "gone" not found/,
    );
  });
});
