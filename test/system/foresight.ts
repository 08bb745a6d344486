/** One update twice: as `plan` foresees it, and as the whole system then carries it out; both as lists to compare. */

import assert from 'node:assert/strict';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { gatherOnce } from '../../src/control/rollout/gather-once.ts';
import type { KubeObject, ResourceType } from '../../src/kube/api.ts';
import { INGRESS, REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { printYaml } from '../../src/lang/yaml.ts';
import { rehearse, type Start, type Version, versionsOf } from '../../src/plan/rehearsal/rehearse.ts';
import { RehearsalWorld } from '../../src/plan/rehearsal/world.ts';
import { BlueGreenPausing } from './foresight-specs.ts';
import { revisionOf } from '../../src/plan/rollout/replica-set.ts';
import { HOUR, MINUTE, NAMESPACE, nginxYaml, SECOND, System } from './world.ts';

/** What an update went through. Changes in a row that say the same are one. */
export interface Trace {
  readonly steps: number[];
  readonly weights: number[];
  /** Sizes of the ReplicaSets, by revision. */
  readonly sizes: Record<string, number[]>;
  /** The same at the moment when a step began, before anything was done for it: `step 1: 3 1`. */
  readonly atSteps: string[];
  readonly promotions: number;
  /** Until Healthy, milliseconds. */
  readonly finished: number;
}

/** As the sandbox's pods do. */
const READY_AFTER_MS = 1_500;

const push = <T>(list: T[], item: T): void => {
  if (list.at(-1) !== item) list.push(item);
};

export async function twice(strategy: JsonObject, replicas: number): Promise<{ plan: Trace; real: Trace }> {
  await using system = new System();
  const spec: JsonObject = {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: podTemplate('app:v1'),
    strategy,
  };
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'web' }, spec };
  await system.create(nginxYaml('web') + printYaml(rollout));
  await system.clock.advance(2 * MINUTE);
  assert.equal((await system.rollout('web')).phase, 'Healthy');
  const edit = { spec: { template: podTemplate('app:v2') } };
  const plan = await foreseen(system, edit);
  return { plan, real: await carriedOut(system, edit, plan.finished + HOUR) };
}

const podTemplate = (image: string): JsonObject => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image, ports: [{ containerPort: 8080 }] }] },
});

async function foreseen(system: System, edit: { spec: JsonObject }): Promise<Trace> {
  const live = await system.get(ROLLOUT, 'web');
  const object: KubeObject = {
    ...live,
    spec: { ...(live['spec'] as JsonObject), ...edit.spec },
    metadata: { ...live.metadata, generation: (live.metadata.generation ?? 0) + 1 },
  };
  const snapshot = await gatherOnce(system.api, object, {
    now: system.clock.now(),
    signal: AbortSignal.timeout(60_000),
    onDenied: (type) => assert.fail(`${type.plural} are denied`),
  });
  const start = snapshot as Start;
  const world = new RehearsalWorld(start, { readyAfterMs: () => READY_AFTER_MS });
  const first = versionsOf(world);
  const { moments, promotions, ending } = rehearse(world, { promotes: true });
  assert.equal(ending, 'settled');
  const trace = emptyTrace();
  let finished = 0;
  const { canary = {} } = start.rollout.spec.strategy ?? {};
  let before = sizesOf(first);
  note(trace, start.rollout.status?.currentStepIndex, undefined, before, before);
  for (const { step, weight, versions, phase, at, writes } of moments) {
    // A pass creates before it writes the status, and changes sizes after that.
    for (const intent of writes)
      if (intent.kind === 'createReplicaSet')
        before = { ...before, [revisionOf(intent.object) ?? 0]: intent.object.spec.replicas ?? 0 };
    note(trace, step, canary.trafficRouting === undefined ? undefined : weight, sizesOf(versions), before);
    before = sizesOf(versions);
    if (phase !== 'Healthy') finished = Infinity;
    else finished = Math.min(finished, at);
  }
  return { ...trace, promotions, finished };
}

async function carriedOut(system: System, edit: JsonObject, limit: number): Promise<Trace> {
  const stop = new AbortController();
  const trace = emptyTrace();
  const sizes = new Map<string, number>();
  const now: { step: number | undefined; weight: number | undefined } = {
    step: undefined,
    weight: undefined,
  };
  const see = (): void =>
    note(trace, now.step, now.weight, Object.fromEntries(sizes), Object.fromEntries(sizes));
  const isRouted = (await system.api.list(INGRESS, { namespace: NAMESPACE })).items.some(isCanaryIngress);
  const follow = async (type: ResourceType, take: (object: KubeObject) => void): Promise<void> => {
    const { items, resourceVersion } = await system.api.list(type, { namespace: NAMESPACE });
    for (const object of items) take(object);
    see();
    const events = system.api.watch(type, { namespace: NAMESPACE, resourceVersion, signal: stop.signal });
    void (async () => {
      for await (const { type: kind, object } of events)
        if (kind === 'ADDED' || kind === 'MODIFIED') {
          take(object);
          see();
        }
    })().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
  };
  let healthyAt: number | undefined;
  await follow(REPLICA_SET, (rs) => {
    const revision = rs.metadata.annotations?.['rollout.argoproj.io/revision'];
    if (revision !== undefined) sizes.set(revision, Number((rs['spec'] as JsonObject)['replicas']));
  });
  await follow(INGRESS, (ingress) => {
    const weight = ingress.metadata.annotations?.['nginx.ingress.kubernetes.io/canary-weight'];
    if (isRouted && isCanaryIngress(ingress)) now.weight = Number(weight);
  });
  await follow(ROLLOUT, (object) => {
    const status = (object['status'] ?? {}) as RolloutStatus;
    if (status.observedGeneration !== String(object.metadata.generation)) return;
    now.step = status.currentStepIndex;
    healthyAt = status.phase === 'Healthy' ? (healthyAt ?? system.clock.now()) : undefined;
  });
  await system.merge(ROLLOUT, 'web', edit);
  const begin = system.clock.now();
  healthyAt = undefined;
  let promotions = 0;
  let settledFor = 0;
  while (system.clock.now() - begin < limit && settledFor < 2 * MINUTE) {
    const status = await system.rollout('web');
    if (waitsForPromotion(await system.get(ROLLOUT, 'web'))) {
      promotions += 1;
      await system.api.patch(
        ROLLOUT,
        { namespace: NAMESPACE, name: 'web' },
        { type: 'merge', body: { status: { pauseConditions: null } } },
        { subresource: 'status' },
      );
    }
    // A pause that ends by itself is skipped over in larger leaps.
    const isPaused = (status.pauseConditions ?? []).length > 0;
    await system.clock.advance(isPaused ? 10 * SECOND : SECOND / 2);
    settledFor = healthyAt === undefined ? 0 : system.clock.now() - healthyAt;
  }
  assert.ok(healthyAt !== undefined, `it is not Healthy: ${JSON.stringify(await system.rollout('web'))}`);
  stop.abort();
  assert.deepEqual(system.problems, []);
  return { ...trace, promotions, finished: healthyAt - begin };
}

const isCanaryIngress = ({ metadata }: KubeObject): boolean => metadata.name === 'web-web-canary';

function waitsForPromotion(rollout: KubeObject): boolean {
  const status = (rollout['status'] ?? {}) as RolloutStatus;
  const [pause] = status.pauseConditions ?? [];
  if (pause === undefined) return false;
  const { canary, blueGreen } = (rollout['spec'] as { strategy: Strategies }).strategy;
  if (pause.reason === BlueGreenPausing) return blueGreen?.autoPromotionEnabled === false;
  return canary?.steps?.[status.currentStepIndex ?? 0]?.pause?.duration === undefined;
}

interface Strategies {
  readonly canary?: { readonly steps?: readonly { readonly pause?: { readonly duration?: unknown } }[] };
  readonly blueGreen?: { readonly autoPromotionEnabled?: boolean };
}

type Open = Omit<Trace, 'promotions' | 'finished'>;
const emptyTrace = (): Open => ({ steps: [], weights: [], sizes: {}, atSteps: [] });

const sizesOf = (versions: readonly Version[]): Record<string, number> =>
  Object.fromEntries(versions.map(({ revision, size }) => [revision, size]));

function note(
  trace: Open,
  step: number | undefined,
  weight: number | undefined,
  sizes: Readonly<Record<string, number>>,
  sizesBefore: Readonly<Record<string, number>>,
): void {
  if (step !== undefined && trace.steps.at(-1) !== step) {
    trace.steps.push(step);
    trace.atSteps.push(`step ${step}: ${Object.values(sizesBefore).join(' ')}`);
  }
  if (weight !== undefined) push(trace.weights, weight);
  for (const [revision, size] of Object.entries(sizes)) push((trace.sizes[revision] ??= []), size);
}
