/**
 * In place of Argo Rollouts and back: what it left behind (from recorded runs of it) is taken over without a change to
 * ReplicaSets, pods, Services and Ingresses; an update in the middle goes on from its step; and what we leave behind
 * holds nothing that it doesn't know.
 */

import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import { INGRESS, POD, REPLICA_SET, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { sharedPath } from '../shared.ts';
import { adoptable, pathsOf, readTrace, recorded } from './adopted.ts';
import { isWrite, readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { withCluster } from './harness.ts';
import { printEntry } from './rbac-audit.ts';
import { statusOf, User } from './user.ts';

const PAUSED = { at: 'phase=Paused step=1', number: 1 };
/** What was left, and what a user does next: a promotion, until it is Healthy, or a step further. */
const CASES: readonly {
  readonly name: string;
  readonly scenario: string;
  readonly checkpoint?: typeof PAUSED;
  readonly phase: string;
  readonly step?: number;
  readonly next?: { readonly phase: string; readonly step?: number };
}[] = [
  { name: 'settled-canary', scenario: 'canary-basic', phase: 'Healthy', step: 5 },
  { name: 'settled-nginx', scenario: 'nginx-canary', phase: 'Healthy', step: 6 },
  { name: 'settled-blue-green', scenario: 'bluegreen-manual', phase: 'Healthy' },
  { name: 'aborted-canary', scenario: 'canary-surge-n3', phase: 'Degraded', step: 0 },
  {
    name: 'canary-in-the-middle',
    scenario: 'canary-surge-n5',
    checkpoint: PAUSED,
    phase: 'Paused',
    step: 1,
    next: { phase: 'Paused', step: 3 },
  },
  {
    name: 'nginx-in-the-middle',
    scenario: 'nginx-canary',
    checkpoint: PAUSED,
    phase: 'Paused',
    step: 1,
    next: { phase: 'Paused', step: 4 },
  },
  {
    name: 'blue-green-in-the-middle',
    scenario: 'bluegreen-fast-rollback',
    phase: 'Paused',
    next: { phase: 'Healthy' },
  },
];

const options = {
  rules: true,
  stages: sharedPath('recordings/kwok-pods.yaml'),
  users: { sluice: ['system:masters'] },
};
withCluster('adoption', existsSync(options.stages) ? options : {}, (cluster) => {
  const traces = sharedPath('recordings/traces');
  if (!existsSync(traces)) {
    if (process.env['CI'] !== undefined) throw new Error(`CI must have the recordings: ${traces} is missing`);
    it('needs the recordings', { skip: `${traces} is not there` }, () => {});
    return;
  }
  let controller: ControllerProcess;
  const users = new Map<string, User>();
  const before_ = new Map<string, object>();
  const user = (name: string): User => users.get(name) as User;

  /** All that must stay as it is: which objects, how big, with which names, labels and routes. */
  async function picture(of: User): Promise<object> {
    const plain = ({ metadata, spec }: KubeObject): object => ({
      name: metadata.name,
      uid: metadata.uid,
      labels: metadata.labels,
      annotations: metadata.annotations,
      owners: metadata.ownerReferences,
      spec,
    });
    const rollout = (await of.get(ROLLOUT, 'demo')) as KubeObject;
    return {
      rollout: plain(rollout),
      sets: (await of.replicaSets()).map(plain),
      pods: (await of.list(POD)).map(({ metadata }) => [metadata.name, metadata.uid, metadata.labels]).sort(),
      services: (await of.list(SERVICE)).map(plain),
      ingresses: (await of.list(INGRESS)).map(plain),
    };
  }
  const writes = (namespace: string): string[] =>
    readAudit(cluster().plane.auditLog, 'sluice')
      .filter((entry) => isWrite(entry) && entry.namespace === namespace)
      .map(printEntry);

  before(async () => {
    const { plane, api } = cluster();
    await Promise.all(
      CASES.map(async ({ name, scenario, checkpoint }) => {
        const mine = await User.inNamespace(api, name);
        users.set(name, mine);
        await adoptable(mine, recorded(scenario, checkpoint));
        before_.set(name, await picture(mine));
      }),
    );
    controller = new ControllerProcess({
      kubeconfig: plane.kubeconfig('sluice'),
      log: join(plane.dir, 'adopts.log'),
      args: ['--controllers', 'rollouts,services,analysis'],
      env: { POD_NAMESPACE: 'default' },
    });
    await controller.says(/all stores are in step/);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  });
  after(() => controller?.end());

  for (const { name, phase, step } of CASES) {
    it(`${name}: nothing is changed by taking it over`, async () => {
      const status = await user(name).phase('demo', phase, 10_000, step);
      assert.deepEqual(await picture(user(name)), before_.get(name));
      // Events and one status, where the two word it differently.
      const others = writes(name).filter((line) => !/ \/api\/v1\/namespaces\/[^/]+\/events/.test(line));
      assert.ok(
        others.every((line) => line.includes('/rollouts/demo/status')),
        others.join('\n'),
      );
      assert.ok(others.length <= 1, others.join('\n'));
      assert.notEqual(status.stableRS, '');
    });
  }

  for (const { name, next, scenario } of CASES) {
    if (next === undefined) continue;
    it(`${name}: goes on from its step`, async () => {
      const mine = user(name);
      const uids = (await mine.replicaSets()).map(({ metadata }) => metadata.uid).sort();
      await mine.promote('demo');
      await mine.phase('demo', next.phase, 45_000, next.step);
      if (next.phase !== 'Healthy') {
        await mine.promote('demo');
        await mine.phase('demo', 'Healthy', 45_000);
      }
      assert.deepEqual((await mine.replicaSets()).map(({ metadata }) => metadata.uid).sort(), uids);
      const rollout = statusOf((await mine.get(ROLLOUT, 'demo')) as KubeObject);
      assert.equal(rollout.stableRS, rollout.currentPodHash, scenario);
    });
  }

  it('and back: what is left behind is what Argo Rollouts itself writes', async () => {
    await controller.end();
    const left: [string, KubeObject][] = [];
    for (const { name } of CASES)
      for (const type of [ROLLOUT, REPLICA_SET, SERVICE, INGRESS])
        for (const object of await user(name).list(type)) left.push([name, object]);
    const known = new Set<string>();
    const keysOf = (object: JsonObject, kind: string): string[] => {
      const { metadata, status } = object as { metadata?: JsonObject; status?: JsonObject };
      const { labels = {}, annotations = {} } = metadata ?? {};
      return pathsOf({
        labels,
        annotations,
        ...(kind === 'Rollout' ? { status: status ?? {} } : {}),
      } as JsonObject).map((path) => `${kind}${path}`);
    };
    for (const file of globSync(join(traces, '*.json')))
      for (const [key, object] of Object.entries(readTrace(basename(file, '.json')).final))
        for (const path of keysOf(object, key.split('/')[0] ?? '')) known.add(path);
    const strange = left.flatMap(([name, object]) =>
      keysOf(object as unknown as JsonObject, object.kind)
        .filter((path) => !known.has(path) && !TIMES.test(path))
        .map((path) => `${name}: ${path}`),
    );
    assert.deepEqual(strange, []);
    for (const [name, object] of left)
      if (object.kind === 'Rollout') {
        const { observedGeneration } = statusOf(object);
        assert.equal(
          observedGeneration,
          String(object.metadata.generation),
          `${name}: as text, as its typed client reads it`,
        );
      }
  });
});

/** The recorder leaves these out of the traces. */
const TIMES = /\.(lastTransitionTime|lastUpdateTime)$/;
