/** What an update costs the API server, counted on the virtual clock: docs/measured.md, issue "few writes, no loops". */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/lang/json.ts';
import { REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import { basicTarget } from '../../src/plan/rollout/canary/sizes.ts';
import { moveTowards } from '../../src/plan/rollout/canary/move.ts';
import { fencesOf } from '../../src/plan/rollout/canary/fences.ts';
import { quiet, settledFor } from './thousand.ts';
import {
  HOUR,
  MINUTE,
  NAMESPACE,
  SECOND,
  System,
  blueGreenYaml,
  nginxCanary,
  nginxYaml,
  rolloutYaml,
} from './world.ts';

const REPLICAS = 4;
/** The issue allows a tenth more than the bound. */
const ALLOWED = 1.1;

const image = (tag: string): JsonObject => ({
  spec: { template: { spec: { containers: [{ name: 'app', image: `app:${tag}` }] } } },
});

const weights = (k: number): number[] =>
  Array.from({ length: k }, (_, i) => Math.round(((i + 1) * 100) / (k + 1)));

function stepsYaml(k: number, paused: boolean): string {
  const steps = weights(k).map(
    (weight) => `{setWeight: ${weight}}${paused ? ', {pause: {duration: 10s}}' : ''}`,
  );
  return `[${steps.join(', ')}]`;
}

const bothServices = (strategy: string): string => blueGreenYaml('web', REPLICAS, strategy);

const nginx = (k: number, paused = false): string =>
  nginxYaml('web') +
  rolloutYaml('web', { replicas: REPLICAS, steps: stepsYaml(k, paused), canary: nginxCanary('web') });

const basic = (k: number, paused = false): string =>
  rolloutYaml('web', { replicas: REPLICAS, steps: stepsYaml(k, paused) });

const objectWrites = (system: System): string[] =>
  system.writes
    .filter(({ type }) => type.kind !== 'Event')
    .map(
      ({ verb, type, subresource, name }) =>
        `${verb} ${type.kind}${subresource === undefined ? '' : `/${subresource}`} ${name}`,
    );

/** A system with the Rollout `web` deployed; nothing of that is counted. */
async function deployed(yaml: string): Promise<System> {
  const system = new System({ resyncMs: 0 });
  await system.create(yaml);
  await system.clock.advance(2 * MINUTE);
  assert.equal((await system.rollout('web')).phase, 'Healthy');
  system.writes.length = 0;
  return system;
}

async function writesOfUpdate(yaml: string): Promise<string[]> {
  await using system = await deployed(yaml);
  await system.merge(ROLLOUT, 'web', image('v2'));
  await system.clock.advance(10 * MINUTE);
  const { phase, stableRS, currentPodHash } = await system.rollout('web');
  assert.deepEqual([phase, stableRS], ['Healthy', currentPodHash]);
  assert.deepEqual(system.problems, []);
  return objectWrites(system);
}

/**
 * The least for weights that 4 pods can't tell apart, or that take several moves: each size that spec 03 section 3.3
 * sets on the way is a write, with pods that are available at once, and besides one status for the start, each step
 * and the end, and the revision.
 */
function leastByMoves(k: number): number {
  let [canary, stable, sizes] = [0, REPLICAS, 0];
  const strategy = {};
  const fences = fencesOf(strategy, REPLICAS);
  for (const weight of [...weights(k), 100]) {
    for (;;) {
      const counts = (size: number) => ({ size, created: size, ready: size, available: size });
      const input = {
        course: {
          replicas: REPLICAS,
          strategy: { steps: [{ setWeight: weight }] },
          stepIndex: 0,
          abort: false,
          promoteFull: false,
          podHash: 'new',
          stableHash: 'old',
        },
        canary: counts(canary),
        stable: counts(stable),
        others: [],
      };
      const target = basicTarget(input, fences);
      const next = moveTowards({ ...input, replicas: REPLICAS, target, fences });
      if (next.canary === canary && next.stable === stable) break;
      sizes += Number(next.canary !== canary) + Number(next.stable !== stable);
      ({ canary, stable } = next);
    }
  }
  return sizes + 1 + k + 2;
}

describe('object writes of an update at 4 replicas', () => {
  for (const k of [1, 3, 10]) {
    it(`basic canary of ${k} steps`, async () => {
      const bound = leastByMoves(k);
      if (k === 3) assert.equal(bound, 3 * k + 5, 'as performance.md has it');
      const writes = await writesOfUpdate(basic(k));
      assert.ok(writes.length <= bound * ALLOWED, `${writes.length} of ${bound}:\n${writes.join('\n')}`);
    });

    it(`canary of ${k} steps behind nginx`, async () => {
      const bound = 3 * k + 9;
      const writes = await writesOfUpdate(nginx(k));
      assert.ok(writes.length <= bound * ALLOWED, `${writes.length} of ${bound}:\n${writes.join('\n')}`);
    });

    it(`each of ${k} pauses costs two more: its begin and its end`, async () => {
      const [plain, paused] = [await writesOfUpdate(basic(k)), await writesOfUpdate(basic(k, true))];
      assert.ok(paused.length <= plain.length + 2 * k, `${paused.length} and ${plain.length}`);
      const [routed, held] = [await writesOfUpdate(nginx(k)), await writesOfUpdate(nginx(k, true))];
      assert.ok(held.length <= routed.length + 2 * k, `${held.length} and ${routed.length}`);
    });
  }

  it('blue-green: 8, one more where a preview Service has to move, and 2 for a pause', async () => {
    const one = await writesOfUpdate(bothServices('{activeService: active}'));
    assert.equal(one.length, 8, one.join('\n'));
    const two = await writesOfUpdate(bothServices('{activeService: active, previewService: preview}'));
    assert.equal(two.length, 9, two.join('\n'));
    const timed = '{activeService: active, previewService: preview, autoPromotionSeconds: 20}';
    const held = await writesOfUpdate(bothServices(timed));
    assert.ok(held.length <= 11, held.join('\n'));
  });
});

describe('an abort', () => {
  const isStatus = (write: string): boolean => write === 'patch Rollout/status web';

  it('behind nginx is one write of the route and one of the status before anything else', async () => {
    await using system = await deployed(nginx(3, true).replaceAll('10s', '1h'));
    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(MINUTE);
    assert.equal(await system.nginxWeight('web'), 25);
    system.writes.length = 0;
    await system.setStatus('web', { abort: true });
    await system.clock.advance(SECOND);
    const all = system.writes.map(({ type, subresource, name }) =>
      [type.kind, subresource, name].filter((part) => part !== undefined).join(' '),
    );
    assert.deepEqual(all.slice(0, 2), ['Ingress web-web-canary', 'Rollout status web'], 'not even an Event');
    assert.equal(await system.nginxWeight('web'), 0);
  });

  it('of a basic canary is one write of the status before anything else', async () => {
    await using system = await deployed(basic(3, true).replaceAll('10s', '1h'));
    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(MINUTE);
    system.writes.length = 0;
    await system.setStatus('web', { abort: true });
    await system.clock.advance(SECOND);
    assert.ok(isStatus(objectWrites(system)[0] ?? ''), objectWrites(system).join('\n'));
    assert.equal(system.writes[0]?.type, ROLLOUT, 'not even an Event');
  });
});

describe('a Rollout that waits makes no request and no pass; the timer is armed once', () => {
  interface Wait {
    readonly what: string;
    readonly yaml: string;
    readonly tag?: string;
    readonly after?: JsonObject;
    /** Of the old ReplicaSet, when the hour is over. */
    readonly phase: string;
  }
  const waits: readonly Wait[] = [
    {
      what: 'for a scale-down delay',
      yaml: bothServices('{activeService: active, scaleDownDelaySeconds: 7200}'),
      phase: 'Healthy',
    },
    {
      what: 'for a scale-down delay behind nginx',
      yaml: nginx(1).replace('trafficRouting', 'scaleDownDelaySeconds: 7200\n      trafficRouting'),
      phase: 'Healthy',
    },
    { what: 'in a long pause', yaml: basic(1, true).replace('10s', '2h'), phase: 'Paused' },
    {
      what: 'in a pause without end',
      yaml: basic(1, true).replace('{duration: 10s}', '{}'),
      phase: 'Paused',
    },
    {
      what: 'for a timed promotion',
      yaml: bothServices('{activeService: active, autoPromotionSeconds: 7200}'),
      phase: 'Paused',
    },
    {
      what: 'for its deadline',
      yaml: basic(1).replace('  replicas: 4', '  replicas: 4\n  progressDeadlineSeconds: 7200'),
      tag: 'bad',
      phase: 'Progressing',
    },
    {
      what: 'for a restart that is yet to come',
      yaml: basic(1),
      after: { spec: { restartAt: '2026-01-01T12:00:00Z' } },
      phase: 'Progressing',
    },
    { what: 'held by spec.paused', yaml: basic(1), after: { spec: { paused: true } }, phase: 'Paused' },
  ];
  for (const { what, yaml, tag = 'v2', after, phase } of waits)
    it(what, async () => {
      await using system = await deployed(yaml);
      await system.merge(ROLLOUT, 'web', image(tag));
      await system.clock.advance(5 * MINUTE);
      if (after !== undefined) await system.merge(ROLLOUT, 'web', after);
      await system.clock.advance(MINUTE);
      assert.equal((await system.rollout('web')).phase, phase);
      assert.deepEqual(await settledFor(system, HOUR), quiet);
      assert.equal((await system.rollout('web')).phase, phase);
    });

  it('and when the delay has run out, once', async () => {
    await using system = await deployed(
      bothServices('{activeService: active, previewService: preview, scaleDownDelaySeconds: 7200}'),
    );
    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(5 * MINUTE);
    system.writes.length = 0;
    const { passes } = await settledFor(system, 2 * HOUR);
    assert.equal(objectWrites(system).length, 2, objectWrites(system).join('\n'));
    // The one that is due, and those that the pods on their way out bring.
    assert.ok(passes <= 20, `${passes} passes`);
    const { items } = await system.api.list(REPLICA_SET, { namespace: NAMESPACE });
    const sizes = items.map((rs) => (rs['spec'] as { replicas: number }).replicas);
    assert.deepEqual(sizes.toSorted(), [0, REPLICAS]);
    assert.deepEqual(await settledFor(system, HOUR), quiet);
  });
});
