import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout } from '../../../src/api/rollout.ts';
import { deepFreeze } from '../../../src/lang/json.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { unreadableQuantities } from '../../../src/lang/unreadable-quantities.ts';
import { Draft } from '../../../src/plan/rollout/intents.ts';
import { planMending, unreadableParts, withoutUnreadable } from '../../../src/plan/rollout/unreadable.ts';

const container = (requests: JsonObject): JsonObject => ({
  spec: { containers: [{ name: 'a', image: 'a', resources: { requests } }] },
});

describe('quantities that no typed client can read', () => {
  const found = (value: unknown): boolean =>
    unreadableQuantities(container({ memory: value as never })).length > 0;

  for (const value of ['1Gi', '500m', ' 2 ', 1, 0.5, '1e3', null, '.', '-1'])
    it(`${JSON.stringify(value)} is one`, () => assert.equal(found(value), false));

  for (const value of ['invalid', '', '1 Gi', '1GiB', true, {}, [], '0x10'])
    it(`${JSON.stringify(value)} is none`, () => assert.equal(found(value), true));

  it('are looked for where a pod has quantities, and nowhere else', () => {
    const template: JsonObject = {
      metadata: { annotations: { memory: 'invalid' } },
      spec: {
        overhead: { cpu: 'x' },
        initContainers: [{ resources: { limits: { cpu: 'x' } } }],
        containers: [
          {
            env: [
              { name: 'memory', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: 'x' } } },
            ],
          },
        ],
        volumes: [
          { emptyDir: { sizeLimit: 'x' } },
          { ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: 'x' } } } } } },
        ],
        newer: { memory: 'invalid' },
      },
    };
    assert.deepEqual(
      unreadableQuantities(template).map((path) => path.join('.')),
      [
        'spec.overhead.cpu',
        'spec.initContainers.0.resources.limits.cpu',
        'spec.containers.0.env.0.valueFrom.resourceFieldRef.divisor',
        'spec.volumes.0.emptyDir.sizeLimit',
        'spec.volumes.1.ephemeral.volumeClaimTemplate.spec.resources.requests.storage',
      ],
    );
  });

  it('ends where an input is without end', () => {
    const requests = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`r${i}`, 'x']));
    assert.equal(unreadableQuantities(container(requests)).length, 100);
  });
});

describe('mending', () => {
  const rollout = (template: JsonObject): Rollout =>
    deepFreeze({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { template },
    }) as unknown as Rollout;

  it('leaves a Rollout without such parts as it is, also with an empty list of ephemeral containers', () => {
    const { spec } = container({ memory: '1Gi' });
    const good = rollout({ spec: { ...(spec as JsonObject), ephemeralContainers: [] } });
    assert.equal(withoutUnreadable(good), good);
    const draft = new Draft();
    assert.equal(
      planMending(good as never, () => false, draft),
      false,
    );
    assert.deepEqual([draft.intents, draft.events], [[], []]);
  });

  it('plans without them once the patch was refused', () => {
    const bad = rollout(container({ memory: 'invalid', cpu: '1' }));
    assert.equal(unreadableParts(bad as never).length, 1);
    const draft = new Draft();
    assert.equal(
      planMending(bad as never, (key) => key === 'rollout/unreadable', draft),
      false,
    );
    assert.deepEqual(draft.intents, []);
    assert.deepEqual(withoutUnreadable(bad).spec.template, container({ cpu: '1' }));
  });

  it('tells of the first few', () => {
    const requests = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`r${i}`, 'x'.repeat(500)]));
    const draft = new Draft();
    assert.equal(
      planMending(rollout(container(requests)) as never, () => false, draft),
      true,
    );
    const [event] = draft.events;
    assert.match(event?.message ?? '', /; and 55 more\. The rest is deployed/);
    assert.ok((event?.message.length ?? 0) <= 1024, `${event?.message.length} characters`);
  });
});
