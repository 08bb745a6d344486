/** Sharding by `--instance-id` (spec 08 section 3): whose Rollouts a controller sees, and what its children carry. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import type { Log } from '../../../src/control/controller.ts';
import { Manager } from '../../../src/control/manager.ts';
import { rolloutController } from '../../../src/control/rollout/index.ts';
import type { KubeApi, KubeObject } from '../../../src/kube/api.ts';
import { ANALYSIS_RUN, ANALYSIS_TEMPLATE, REPLICA_SET, ROLLOUT } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { INSTANCE_ID } from '../../../src/plan/rollout/names.ts';
import { SandboxCluster, VirtualClock } from '../../../src/sandbox/index.ts';

const NAMESPACE = 'shop';
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

const rollout = (name: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name, namespace: NAMESPACE, labels },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'app', image: 'app:v1' }] },
    },
    strategy: { canary: { steps: [{ analysis: { templates: [{ templateName: 'check' }] } }] } },
  },
});

const template = (labels: Record<string, string>): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'check', namespace: NAMESPACE, labels },
  spec: { metrics: [{ name: 'm', provider: { web: { url: 'http://example.com' } } }] },
});

/** What one controller made of two Rollouts, one labelled `a` and one without a label. */
async function made(
  instanceId: string,
  templateLabels: Record<string, string>,
): Promise<{ api: KubeApi; owners: string[] }> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const cluster = new SandboxCluster({
    clock,
    namespaces: ['sluice', NAMESPACE],
    crds: customResourceDefinitions() as unknown as JsonObject[],
  });
  cluster.start();
  const api = cluster.api();
  const stop = new AbortController();
  const manager = new Manager({
    api: cluster.api(),
    clock,
    random: () => 0.5,
    log: quiet,
    controllers: [(context) => rolloutController(context)],
    instanceId,
    ownNamespace: 'sluice',
    watchNamespace: '',
  });
  const running = manager.run(stop.signal);
  await api.create(ANALYSIS_TEMPLATE, template(templateLabels));
  await api.create(ROLLOUT, rollout('labelled', { [INSTANCE_ID]: 'a' }));
  await api.create(ROLLOUT, rollout('plain', {}));
  await clock.advance(60_000);
  for (const name of ['labelled', 'plain']) {
    const next = { spec: { template: { spec: { containers: [{ name: 'app', image: 'app:v2' }] } } } };
    await api.patch(ROLLOUT, { namespace: NAMESPACE, name }, { type: 'merge', body: next });
  }
  await clock.advance(60_000);
  const { items } = await api.list(REPLICA_SET, { namespace: NAMESPACE });
  const owners = items.map(({ metadata }) => metadata.ownerReferences?.[0]?.name ?? '');
  stop.abort();
  await clock.advance(60_000);
  await running;
  cluster.stop();
  return { api, owners: [...new Set(owners)] };
}

describe('instance id', () => {
  it('none: only Rollouts and templates without the label are seen', async () => {
    const { api, owners } = await made('', {});
    assert.deepEqual(owners, ['plain']);
    const { items } = await api.list(ANALYSIS_RUN, { namespace: NAMESPACE });
    assert.deepEqual(
      items.map(({ metadata }) => [metadata.ownerReferences?.[0]?.name, metadata.labels?.[INSTANCE_ID]]),
      [['plain', undefined]],
    );
  });

  it('a: only those with it, and its runs carry it on', async () => {
    const { api, owners } = await made('a', { [INSTANCE_ID]: 'a' });
    assert.deepEqual(owners, ['labelled']);
    const { items } = await api.list(ANALYSIS_RUN, { namespace: NAMESPACE });
    assert.deepEqual(
      items.map(({ metadata }) => [metadata.ownerReferences?.[0]?.name, metadata.labels?.[INSTANCE_ID]]),
      [['labelled', 'a']],
    );
  });

  it('another: nothing of either', async () => {
    assert.deepEqual((await made('b', {})).owners, []);
  });

  it('a template without the label is not there for a controller that has one', async () => {
    const { api } = await made('a', {});
    const { status } = await api.get(ROLLOUT, { namespace: NAMESPACE, name: 'labelled' });
    assert.match(JSON.stringify(status), /AnalysisTemplate 'check' not found/);
  });
});
