/** Beside the tools that users have: kubectl, autoscalers, Argo CD, Flux, Helm, and the CRDs of Argo Rollouts. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { KubeObject, Patch } from '../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CUSTOM_RESOURCE_DEFINITION,
  EVENT,
  POD,
  ROLLOUT,
} from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { formatTime } from '../../src/lang/time.ts';
import {
  ARGO_ACTIONS,
  type ArgoHealth,
  argoAnalysisRunHealth,
  argoRolloutHealth,
  kstatus,
} from './coexistence.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { kubectl } from './kubectl.ts';
import { canary, podTemplate, statusOf, User } from './user.ts';

const STEPS = canary({ setWeight: 50 }, { pause: {} }, { setWeight: 100 }, { pause: {} });
const AUTOSCALER = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  namespaced: true,
};

withCluster('beside others', { rules: true }, (cluster) => {
  let controller: ControllerProcess;
  const start = (...args: string[]): ControllerProcess =>
    new ControllerProcess({
      kubeconfig: cluster().kubeconfig,
      log: join(cluster().plane.dir, `beside-${Date.now()}.log`),
      args: ['--leader-elect=false', '--controllers', 'rollouts,services,analysis', ...args],
      env: { POD_NAMESPACE: 'default' },
    });
  before(() => {
    controller = start();
  });
  after(async () => {
    await controller?.end();
  });
  const get = async (user: User, name = 'demo'): Promise<KubeObject> =>
    (await user.get(ROLLOUT, name)) as KubeObject;

  it('kubectl waits for the condition Healthy, and prints the columns', async () => {
    const { plane, api } = cluster();
    const user = await User.inNamespace(api, 'kubectl');
    await user.rollout('demo', { replicas: 2, ...STEPS });
    const wait = ['wait', '--for=condition=Healthy', 'rollout/demo', '-n', 'kubectl', '--timeout=30s'];
    assert.match(await kubectl(plane, wait), /condition met/);
    await eventually('the columns', async () => {
      const [head = '', row = ''] = (await kubectl(plane, ['get', 'rollouts', '-n', 'kubectl'])).split('\n');
      assert.deepEqual(head.trim().split(/\s{2,}/), [
        'NAME',
        'DESIRED',
        'CURRENT',
        'UP-TO-DATE',
        'AVAILABLE',
        'AGE',
      ]);
      return /^demo\s+2\s+2\s+2\s+2\s+\d+s$/.test(row.trim());
    });
    await kubectl(plane, ['scale', 'rollout/demo', '--replicas=3', '-n', 'kubectl']);
    await eventually('three replicas', async () => statusOf(await get(user)).replicas === 3);
  });

  it('a HorizontalPodAutoscaler keeps its bounds through /scale, and its number stays', async () => {
    const user = await User.inNamespace(cluster().api, 'autoscaled');
    await user.rollout('demo', { replicas: 1, ...STEPS });
    await user.phase('demo', 'Healthy');
    await user.create(AUTOSCALER, 'demo', {
      spec: {
        minReplicas: 3,
        maxReplicas: 4,
        scaleTargetRef: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'demo' },
      },
    });
    const replicas = async (): Promise<unknown> => ((await get(user))['spec'] as JsonObject)['replicas'];
    await eventually('the lower bound', async () => (await replicas()) === 3);
    await user.phase('demo', 'Healthy');
    await user.patch(ROLLOUT, 'demo', { spec: { replicas: 9 } });
    await eventually('the upper bound', async () => (await replicas()) === 4);
    await user.image('demo', 'v2');
    await user.phase('demo', 'Paused');
    assert.equal(await replicas(), 4, 'an update does not touch what the autoscaler owns');
  });

  /** What Argo CD sends: the difference to `/status`, then the rest to the object. */
  async function act(user: User, key: string): Promise<void> {
    const { status, spec } = ARGO_ACTIONS[key] ?? {};
    if (status !== undefined)
      await user.patch(ROLLOUT, 'demo', { status: status(await get(user)) }, 'status');
    if (spec !== undefined) await user.patch(ROLLOUT, 'demo', { spec: spec(formatTime(Date.now())) });
  }

  /** Each action from the state before it: what Argo CD shows in the end. */
  const TABLE: readonly {
    readonly actions: readonly string[];
    readonly health: ArgoHealth;
    step?: number;
  }[] = [
    { actions: [], health: 'Suspended', step: 1 },
    { actions: ['skipStep'], health: 'Suspended', step: 3 },
    { actions: ['abort'], health: 'Degraded' },
    { actions: ['abort', 'retry'], health: 'Suspended', step: 1 },
    { actions: ['resume', 'resume'], health: 'Healthy' },
    { actions: ['promoteFull'], health: 'Healthy' },
    { actions: ['pause', 'resume'], health: 'Suspended', step: 3 },
  ];
  for (const [i, { actions, health, step }] of TABLE.entries()) {
    const title = actions.length === 0 ? 'nothing' : actions.map((key) => ARGO_ACTIONS[key]?.name).join(', ');
    it(`Argo CD on a paused canary: ${title} -> ${health}`, async () => {
      const user = await User.inNamespace(cluster().api, `argo-${i}`);
      await user.rollout('demo', { replicas: 2, ...STEPS });
      await user.phase('demo', 'Healthy');
      await user.image('demo', 'v2');
      await user.phase('demo', 'Paused', 45_000, 1);
      for (const key of actions) {
        const before = await get(user);
        await act(user, key);
        await eventually(`${key} to be acted on`, async () => {
          const now = await get(user);
          const { phase } = statusOf(now);
          const observed = argoRolloutHealth(now) !== 'Progressing';
          return (
            observed &&
            phase !== 'Progressing' &&
            now.metadata.resourceVersion !== before.metadata.resourceVersion
          );
        });
        if (key === 'resume' || key === 'retry') await settled(user);
      }
      await eventually(
        `Argo CD to show ${health}`,
        async () =>
          argoRolloutHealth(await get(user)) === health &&
          (step === undefined || statusOf(await get(user)).currentStepIndex === step),
      );
    });
  }
  it('Argo CD restarts a Rollout: every pod is another one, and it is Healthy', async () => {
    const user = await User.inNamespace(cluster().api, 'argo-restart');
    await user.rollout('demo', { replicas: 2, ...STEPS });
    await user.phase('demo', 'Healthy');
    const pods = async (): Promise<string[]> =>
      (await user.list(POD))
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata }) => metadata.uid ?? '');
    const old = await pods();
    assert.equal(old.length, 2);
    // Pods of the very second of the instant would count as new.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await act(user, 'restart');
    await eventually('the restart to be on record', async () => {
      const { spec, status } = (await get(user)) as unknown as {
        spec: { restartAt?: string };
        status: { restartedAt?: string };
      };
      return spec.restartAt !== undefined && status.restartedAt === spec.restartAt;
    });
    const now = await pods();
    assert.ok(now.length === 2 && now.every((uid) => !old.includes(uid)));
    await eventually('it to be Healthy', async () => argoRolloutHealth(await get(user)) === 'Healthy');
  });

  /** The phase holds for a second: what a command set off has come to its next stop. */
  async function settled(user: User): Promise<void> {
    let since = 0;
    let last = '';
    await eventually('it to come to rest', async () => {
      const { phase = '', currentStepIndex } = statusOf(await get(user));
      const now = `${phase} ${currentStepIndex}`;
      if (now !== last || phase === 'Progressing') [last, since] = [now, performance.now()];
      return performance.now() - since > 1_000;
    });
  }

  it('Argo CD shows each phase of an AnalysisRun, and terminates one', async () => {
    const user = await User.inNamespace(cluster().api, 'runs');
    const provider = { web: { url: 'http://127.0.0.1:1/nobody' } };
    const metric = { name: 'web', interval: '1h', count: 5, provider, consecutiveErrorLimit: 3 };
    await user.create(ANALYSIS_RUN, 'demo', { spec: { metrics: [metric] } });
    const run = async (): Promise<KubeObject> => (await user.get(ANALYSIS_RUN, 'demo')) as KubeObject;
    await eventually('it to run', async () => (await run())['status'] !== undefined);
    assert.equal(argoAnalysisRunHealth(await run()), 'Progressing');
    await user.patch(ANALYSIS_RUN, 'demo', { spec: { terminate: true } });
    await eventually('it to end', async () => argoAnalysisRunHealth(await run()) !== 'Progressing');
    await user.create(ANALYSIS_TEMPLATE, 'unused', { spec: { metrics: [metric] } });
  });

  it('kstatus reads nothing wrong with --observed-generation=int, and text again without it', async () => {
    const { api, plane } = cluster();
    await controller.end();
    controller = start('--observed-generation=int');
    const user = await User.inNamespace(api, 'kstatus');
    const seen: string[] = [];
    const watching = new AbortController();
    const watch = (async () => {
      for await (const { object } of api.watch(ROLLOUT, {
        namespace: 'kstatus',
        resourceVersion: '0',
        signal: watching.signal,
      } as never) as AsyncIterable<{ object: KubeObject }>) {
        const { metadata } = object;
        if (metadata?.name !== 'demo') continue;
        const wants = JSON.stringify(object['spec']).includes('app:v2') ? 'v2' : 'v1';
        const status = `${wants} ${object['status'] === undefined ? 'InProgress' : kstatus(object)}`;
        if (seen.at(-1) !== status) seen.push(status);
      }
    })().catch(() => {});
    await user.rollout('demo', { replicas: 2, ...canary({ setWeight: 50 }, { pause: { duration: '2s' } }) });
    const wait = ['wait', '--for=condition=Ready', 'rollout/demo', '-n', 'kstatus', '--timeout=30s'];
    await kubectl(plane, wait);
    await user.image('demo', 'v2');
    await user.phase('demo', 'Healthy');
    await user.image('demo', 'v3');
    await user.phase('demo', 'Paused');
    await user.abort('demo');
    await eventually('kstatus to say that it failed', async () => kstatus(await get(user)) === 'Failed');
    watching.abort();
    await watch;
    assert.deepEqual(seen.slice(0, 4), ['v1 InProgress', 'v1 Current', 'v2 InProgress', 'v2 Current']);
    assert.equal(typeof statusOf(await get(user)).observedGeneration, 'number');

    await controller.end();
    controller = start();
    await eventually('text again', async () => {
      const { observedGeneration, conditions = [] } = statusOf(await get(user));
      return typeof observedGeneration === 'string' && !conditions.some(({ type }) => type === 'Ready');
    });
  });

  it('says at start which fields the CRDs of Argo Rollouts drop, and refuses a number there', async () => {
    const { api } = cluster();
    await controller.end();
    const crd = structuredClone(
      customResourceDefinitions().find(({ metadata }) => metadata.name === 'rollouts.argoproj.io'),
    ) as unknown as KubeObject;
    const [version] = (crd['spec'] as { versions: [{ schema: { openAPIV3Schema: JsonObject } }] }).versions;
    const root = version.schema.openAPIV3Schema as {
      properties: Record<'spec' | 'status', { properties: Record<string, unknown> }>;
    };
    root.properties.status.properties['observedGeneration'] = { type: 'string' };
    delete root.properties.spec.properties['progressDeadlineAbort'];
    const ref = { name: 'rollouts.argoproj.io' };
    const patch = (versions: unknown): Promise<unknown> =>
      api.patch(CUSTOM_RESOURCE_DEFINITION, ref, { type: 'merge', body: { spec: { versions } } } as Patch);
    await patch([version]);
    // The schemas that clients read follow some seconds later.
    await eventually('the schema to be published', async () => {
      const text = await cluster().plane.call('GET', '/openapi/v3/apis/argoproj.io/v1alpha1');
      return !text.includes('progressDeadlineAbort');
    });
    controller = start();
    await controller.says(/the installed CRD does not know these fields and drops them silently/);
    assert.match(controller.log, /spec\.progressDeadlineAbort/);
    await controller.says(/all stores are in step/);
    const user = await User.inNamespace(api, 'theirs');
    await user.rollout('demo', { replicas: 1, ...STEPS });
    await user.phase('demo', 'Healthy');
    // Who applied on the client's side has it in the annotation, and is told; nobody else can be known to have meant it.
    const { plane } = cluster();
    const manifest = (name: string): object => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name, namespace: 'theirs' },
      spec: {
        replicas: 1,
        progressDeadlineAbort: true,
        selector: { matchLabels: { app: name } },
        template: podTemplate(name, 'v1'),
        ...STEPS,
      },
    });
    const send = (name: string, ...args: string[]): Promise<string> =>
      kubectl(plane, [...args, '--validate=false', '-f', '-'], { input: JSON.stringify(manifest(name)) });
    await send('by-client', 'apply');
    await send('by-create', 'create');
    await assert.rejects(
      send('by-server', 'apply', '--server-side'),
      /progressDeadlineAbort: field not declared in schema/,
    );
    const messageOf = async (name: string): Promise<string | undefined> =>
      statusOf(await get(user, name)).conditions?.find(({ type }) => type === 'FieldsDropped')?.message;
    await eventually('the condition', async () => (await messageOf('by-client')) !== undefined);
    assert.match(
      (await messageOf('by-client')) ?? '',
      /dropped them: spec\.progressDeadlineAbort\. Apply deploy\/crds/,
    );
    await Promise.all(['by-client', 'by-create'].map((name) => user.phase(name, 'Healthy')));
    await eventually('the Event', async () =>
      (await user.list(EVENT)).some(
        (event) => event['reason'] === 'FieldsDropped' && event['type'] === 'Warning',
      ),
    );
    assert.equal(await messageOf('by-create'), undefined);
    const { metadata } = await get(user, 'by-create');
    assert.ok(!JSON.stringify(metadata).includes('progressDeadlineAbort'), 'not even managedFields show it');
    await controller.end();

    controller = start();
    await controller.says(/all stores are in step/);
    await user.phase('by-client', 'Healthy');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const events = (await user.list(EVENT)).filter((event) => event['reason'] === 'FieldsDropped');
    assert.deepEqual(
      events.map((event) => event['count'] ?? 1),
      [1],
      'a restart tells nothing twice',
    );
    await controller.end();

    const refused = start('--observed-generation=int');
    await eventually('it to end', () => Promise.resolve(refused.child.exitCode !== null));
    assert.equal(refused.child.exitCode, 1);
    assert.match(refused.log, /takes observedGeneration only as text: apply deploy\/crds first/);
  });
});
