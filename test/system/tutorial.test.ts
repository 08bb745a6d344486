/**
 * The manifest in the shape in which tutorials teach it, from Git to 100 % in two hours of virtual time, as a trace
 * that a person can read. `UPDATE_GOLDEN=1 npm test -- test/system/tutorial` writes golden/tutorial.txt anew.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { EVENT, POD, REPLICA_SET, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { MINUTE, NAMESPACE, System, nginxCanary, nginxYaml, rolloutYaml, urlOf } from './world.ts';

const GOLDEN = new URL('golden/tutorial.txt', import.meta.url);
const STEPS =
  '[{setWeight: 20}, {pause: {duration: 1h}}, {setWeight: 40}, {pause: {duration: 1h}}, {setWeight: 60}]';
const MINUTES = 125;

interface Variant {
  readonly title: string;
  readonly manifests: (image: string) => string;
  /** Percent of the traffic that goes to the new version. */
  readonly weight: (system: System) => Promise<number>;
}

const VARIANTS: readonly Variant[] = [
  {
    title: 'basic: the share of the pods is the weight',
    manifests: (image) => rolloutYaml('web', { image, replicas: 5, steps: STEPS }),
    async weight(system) {
      const { all, fresh } = await readyPods(system);
      return (100 * fresh) / all;
    },
  },
  {
    title: 'nginx: the canary Ingress carries the weight',
    manifests: (image) =>
      nginxYaml('web') + rolloutYaml('web', { image, replicas: 5, steps: STEPS, canary: nginxCanary('web') }),
    async weight(system) {
      const { stableRS, currentPodHash } = await system.rollout('web');
      return stableRS === currentPodHash ? 100 : system.nginxWeight('web');
    },
  },
];

const isReady = (status: unknown): boolean =>
  ((status as { conditions?: { type: string; status: string }[] }).conditions ?? []).some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );

async function readyPods(system: System): Promise<{ all: number; fresh: number }> {
  const { items } = await system.api.list(POD, { namespace: NAMESPACE });
  const ready = items.filter((pod) => pod.metadata.deletionTimestamp === undefined && isReady(pod['status']));
  const fresh = ready.filter((pod) => JSON.stringify(pod['spec']).includes('web:v2'));
  return { all: ready.length, fresh: fresh.length };
}

async function state(system: System): Promise<string> {
  const { phase, message, currentStepIndex } = await system.rollout('web');
  const { sync, health } = await system.applicationStatus('web');
  const { all, fresh } = await readyPods(system);
  const rollout = `${phase}${message === undefined || message === '' ? '' : ` (${message})`}`;
  return `step ${currentStepIndex}/5  ${fresh} of ${all} pods new  Rollout ${rollout}  Application ${sync?.status} ${health?.status}`;
}

async function eventsAfter(system: System, revision: number): Promise<{ lines: string[]; revision: number }> {
  const { items } = await system.api.list(EVENT, { namespace: NAMESPACE });
  const fresh = items
    .map((event) => ({ event, at: Number(event.metadata.resourceVersion) }))
    .filter(
      ({ event, at }) => at > revision && (event['involvedObject'] as { kind?: string }).kind === 'Rollout',
    )
    .toSorted((a, b) => a.at - b.at);
  return {
    lines: fresh.map(({ event }) => `${event['reason'] as string}: ${event['message'] as string}`),
    revision: fresh.at(-1)?.at ?? revision,
  };
}

/** Weights as a table of twenty minutes a line. */
function table(weights: readonly number[]): string[] {
  const lines = ['weight by the minute:'];
  for (let from = 0; from < weights.length; from += 20) {
    const row = weights.slice(from, from + 20).map((weight) => String(weight).padStart(3));
    lines.push(`  ${String(from).padStart(3)}  ${row.join(' ')}`);
  }
  return lines;
}

async function trace({ title, manifests, weight }: Variant): Promise<{ lines: string[]; weights: number[] }> {
  await using system = new System();
  await system.application('web', { 'app.yaml': manifests('web:v1') });
  await system.clock.advance(MINUTE);
  await system.giveIngressesAnAddress();
  await system.clock.advance(MINUTE);
  assert.equal((await system.applicationStatus('web')).health?.status, 'Healthy');
  let { revision } = await eventsAfter(system, 0);
  let last = await state(system);
  const lines = [`== ${title}`, `before  ${last}`];
  const sha = system.git.repository(urlOf('web')).commit({ 'app.yaml': manifests('web:v2') });
  await system.refresh('web');
  lines.push(`commit  ${sha.slice(0, 7)} wants web:v2`);
  const weights: number[] = [];
  for (let minute = 0; minute <= MINUTES; minute++) {
    // Ten seconds into the minute: what a step sets off takes some seconds to come about.
    await system.clock.advance(minute === 0 ? 10_000 : MINUTE);
    const fresh = await eventsAfter(system, revision);
    ({ revision } = fresh);
    for (const line of fresh.lines) lines.push(`          · ${line}`);
    const now = await state(system);
    weights.push(await weight(system));
    const changed = now !== last || weights.at(-1) !== weights.at(-2);
    if (changed)
      lines.push(`${String(minute).padStart(3)} min ${String(weights.at(-1)).padStart(4)} %  ${now}`);
    last = now;
  }
  const { items } = await system.api.list(REPLICA_SET, { namespace: NAMESPACE });
  assert.equal(items.length, 2, 'one ReplicaSet for each version');
  assert.deepEqual(system.problems, []);
  lines.push(...table(weights), '');
  return { lines, weights };
}

/** 20 for the first hour, 40 for the second, then all of it. */
const expected = Array.from({ length: MINUTES + 1 }, (_, minute) =>
  minute < 60 ? 20 : minute < 120 ? 40 : 100,
);

describe('the manifest of the tutorials', () => {
  it('reaches 100 after two hours, with the right weight at each minute', async () => {
    const text: string[] = [];
    for (const variant of VARIANTS) {
      const { lines, weights } = await trace(variant);
      assert.deepEqual(weights, expected, variant.title);
      text.push(...lines);
    }
    const got = text.join('\n');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, got);
    assert.equal(got, readFileSync(GOLDEN, 'utf8'));
  });

  it('leaves Services to the version that they are switched to, also while Git changes them', async () => {
    await using system = new System();
    const manifests = (image: string, port = 80): string =>
      (nginxYaml('web') + rolloutYaml('web', { image, steps: STEPS, canary: nginxCanary('web') })).replaceAll(
        'targetPort: 8080',
        `targetPort: ${8000 + port}`,
      );
    const repository = system.git.repository(urlOf('web'));
    const push = async (text: string): Promise<void> => {
      repository.commit({ 'app.yaml': text });
      await system.refresh('web');
      await system.clock.advance(MINUTE);
    };
    await system.application('web', { 'app.yaml': manifests('web:v1') });
    await system.clock.advance(MINUTE);
    await push(manifests('web:v2'));
    const before = (await system.get(SERVICE, 'web-canary'))['spec'] as JsonObject;
    assert.notEqual(selectedVersion(before), undefined);

    await push(manifests('web:v2', 90));
    const after = (await system.get(SERVICE, 'web-canary'))['spec'] as JsonObject;
    assert.deepEqual((after['ports'] as JsonObject[])[0]?.['targetPort'], 8090);
    assert.equal(selectedVersion(after), selectedVersion(before));
    const switches = (await system.events('web')).filter((event) => event.includes('SwitchService'));
    // Both Services to v1 at the start, the canary's to v2.
    assert.equal(switches.length, 3, switches.join('\n'));
    assert.equal((await system.applicationStatus('web')).sync?.status, 'Synced');
  });
});

const selectedVersion = (spec: JsonObject): unknown =>
  (spec['selector'] as JsonObject)['rollouts-pod-template-hash'];
