/** What the controller is made to do under its own rights: every right of its roles is needed by one of these. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CLUSTER_ANALYSIS_TEMPLATE,
  DEPLOYMENT,
  EVENT,
  INGRESS,
  JOB,
  POD_TEMPLATE,
  REPLICA_SET,
  ROLLOUT,
  SECRET,
  SERVICE,
} from '../../src/kube/kinds.ts';
import { eventually } from './harness.ts';
import { canary, podTemplate, type User } from './user.ts';

const JOB_TEMPLATE = {
  restartPolicy: 'Never',
  containers: [{ name: 'check', image: 'example/check:v1', command: ['true'] }],
};

/** A metric backend: Prometheus and a web page. Web requests must carry the token of the Secret. */
export class MetricServer {
  readonly #server: Server;
  readonly tokens = new Set<string>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<MetricServer> {
    const server = createServer((request, response) => {
      metrics.tokens.add(String(request.headers['authorization'] ?? ''));
      const body = request.url?.startsWith('/api/v1/query')
        ? { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1, '0.99'] }] } }
        : { ok: true };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body));
    });
    const metrics = new MetricServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return metrics;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Deploy, update, promote, abort twice, roll back, history, and a ReplicaSet that lost its owner. */
export async function basicCanary(user: User): Promise<void> {
  await user.rollout('demo', {
    replicas: 2,
    revisionHistoryLimit: 1,
    strategy: {
      canary: {
        canaryMetadata: { labels: { role: 'canary' } },
        stableMetadata: { labels: { role: 'stable' } },
        steps: [{ setWeight: 50 }, { pause: {} }],
      },
    },
  });
  await user.phase('demo', 'Healthy');
  const [first] = await user.replicaSets();
  await user.patch(REPLICA_SET, first?.metadata.name ?? '', { metadata: { ownerReferences: null } });
  await eventually('the ReplicaSet to be adopted', async () => {
    const [again] = await user.replicaSets();
    return again?.metadata.ownerReferences?.[0]?.kind === 'Rollout';
  });
  for (const tag of ['v2', 'v3']) {
    await user.image('demo', tag);
    await user.phase('demo', 'Paused');
    await user.promote('demo');
    await user.phase('demo', 'Healthy');
  }
  await eventually('old ReplicaSets to be deleted', async () => (await user.replicaSets()).length <= 2);
  await user.image('demo', 'v4');
  for (let i = 0; i < 2; i++) {
    await user.phase('demo', 'Paused');
    await user.abort('demo');
    await user.phase('demo', 'Degraded');
    await user.retry('demo');
  }
  await eventually('the repeated Event to be counted', async () =>
    (await user.list(EVENT)).some(
      (event) => event['reason'] === 'RolloutAborted' && Number(event['count']) > 1,
    ),
  );
}

/** Templates of other objects, a Deployment that is taken over and scaled down, and pods that are evicted. */
export async function migration(user: User): Promise<void> {
  const selector = { matchLabels: { app: 'legacy' } };
  const template = podTemplate('legacy', 'v1');
  await user.create(DEPLOYMENT, 'legacy', { spec: { replicas: 1, selector, template } });
  await user.create(POD_TEMPLATE, 'pods', { template: podTemplate('other', 'v1') });
  const strategy = { canary: {} };
  await user.create(ROLLOUT, 'demo', {
    spec: {
      replicas: 1,
      strategy,
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'legacy', scaleDown: 'onsuccess' },
    },
  });
  await user.create(ROLLOUT, 'other', {
    spec: {
      replicas: 1,
      strategy,
      selector: { matchLabels: { app: 'other' } },
      workloadRef: { apiVersion: 'v1', kind: 'PodTemplate', name: 'pods' },
    },
  });
  await Promise.all([user.phase('demo', 'Healthy'), user.phase('other', 'Healthy')]);
  await eventually('the Deployment to be scaled down', async () => {
    const deployment = await user.get(DEPLOYMENT, 'legacy');
    return (deployment?.['spec'] as { replicas?: number } | undefined)?.replicas === 0;
  });
  // A pod that is as old as the instant itself, in whole seconds, would not count as made before it.
  const restartAt = new Date(Date.now() + 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
  await user.patch(ROLLOUT, 'other', { spec: { restartAt } });
  await eventually('the restart to be done', async () => {
    const status = (await user.get(ROLLOUT, 'other'))?.['status'] as { restartedAt?: string } | undefined;
    return status?.restartedAt === restartAt;
  });
}

/** A routed canary; then the Rollout is deleted and its Services are given back. */
export async function nginxCanary(user: User, name = 'demo'): Promise<void> {
  await nginxObjects(user, name);
  await user.rollout(name, { replicas: 2, ...nginx(name, [{ setWeight: 20 }, { pause: {} }]) });
  await user.phase(name, 'Healthy');
  await user.image(name, 'v2');
  await user.phase(name, 'Paused');
  const ingress = await user.get(INGRESS, `${name}-${name}-canary`);
  assert.equal(ingress?.metadata.annotations?.['nginx.ingress.kubernetes.io/canary-weight'], '20');
  await user.promote(name);
  await user.phase(name, 'Healthy');
  await user.delete(ROLLOUT, name);
  await eventually('the Service to be given back', async () => {
    const service = await user.get(SERVICE, `${name}-stable`);
    return (
      (service?.['spec'] as { selector?: object } | undefined)?.selector !== undefined && !hashed(service)
    );
  });
}

const hashed = (service: KubeObject | undefined): boolean =>
  JSON.stringify(service?.['spec']).includes('rollouts-pod-template-hash');

const nginx = (name: string, steps: readonly object[]): object => ({
  strategy: {
    canary: {
      canaryService: `${name}-canary`,
      stableService: `${name}-stable`,
      scaleDownDelaySeconds: 1,
      trafficRouting: { nginx: { stableIngress: name } },
      steps,
    },
  },
});

async function nginxObjects(user: User, name: string): Promise<void> {
  await user.service(`${name}-canary`, name);
  await user.service(`${name}-stable`, name);
  const backend = { service: { name: `${name}-stable`, port: { number: 80 } } };
  await user.create(INGRESS, name, {
    metadata: { annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
    spec: {
      rules: [{ host: `${name}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  });
}

/** A gate of three providers with a token from a Secret, with history limits that delete runs. */
export async function analysis(user: User, metricsUrl: string, clusterTemplates: boolean): Promise<string> {
  await user.create(SECRET, 'backend', { stringData: { token: 'let-me-in' } });
  await user.create(ANALYSIS_TEMPLATE, 'gate', {
    spec: {
      args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 'backend', key: 'token' } } }],
      metrics: [
        {
          name: 'web',
          successCondition: 'result.ok',
          provider: {
            web: { url: `${metricsUrl}/web`, headers: [{ key: 'Authorization', value: '{{args.token}}' }] },
          },
        },
        {
          name: 'prometheus',
          successCondition: 'result[0] > 0.9',
          provider: { prometheus: { address: metricsUrl, query: 'up' } },
        },
        {
          name: 'job',
          provider: { job: { spec: { backoffLimit: 0, template: { spec: JOB_TEMPLATE } } } },
        },
      ],
    },
  });
  const templates: object[] = [{ templateName: 'gate' }];
  if (clusterTemplates) {
    const name = `always-${user.namespace}`;
    await user.create(CLUSTER_ANALYSIS_TEMPLATE, name, {
      spec: {
        metrics: [
          {
            name: 'also-web',
            successCondition: 'result.ok',
            provider: { web: { url: `${metricsUrl}/web` } },
          },
        ],
      },
    });
    templates.push({ templateName: name, clusterScope: true });
  }
  await user.rollout('demo', {
    replicas: 1,
    analysis: { successfulRunHistoryLimit: 1, unsuccessfulRunHistoryLimit: 1 },
    revisionHistoryLimit: 1,
    ...canary({ setWeight: 50 }, { analysis: { templates } }),
  });
  await user.phase('demo', 'Healthy');
  await user.image('demo', 'v2');
  await user.phase('demo', 'Healthy');
  const [run] = await user.runs();
  assert.equal((run?.['status'] as { phase?: string } | undefined)?.phase, 'Successful');
  for (const tag of ['v3', 'v4', 'v5']) {
    await user.image('demo', tag);
    await user.phase('demo', 'Healthy');
  }
  await eventually('old runs to be deleted', async () => (await user.runs()).length <= 2);
  return run?.metadata.name ?? '';
}

/** A Job that never ends is deleted with the abort; one that somebody deletes is looked for. */
export async function jobsThatDoNotEnd(user: User): Promise<void> {
  await user.create(ANALYSIS_TEMPLATE, 'hang', {
    spec: {
      metrics: [
        {
          name: 'hang',
          consecutiveErrorLimit: 0,
          provider: { job: { spec: { suspend: true, backoffLimit: 0, template: { spec: JOB_TEMPLATE } } } },
        },
      ],
    },
  });
  await user.rollout('demo', {
    replicas: 1,
    ...canary({ setWeight: 50 }, { analysis: { templates: [{ templateName: 'hang' }] } }),
  });
  await user.phase('demo', 'Healthy');
  await user.image('demo', 'v2');
  const aJob = async (): Promise<KubeObject> => {
    await eventually('a Job', async () => (await user.list(JOB)).length > 0);
    return (await user.list(JOB))[0] as KubeObject;
  };
  await aJob();
  await user.abort('demo');
  await eventually('the Job to be deleted', async () => (await user.list(JOB)).length === 0);
  await user.phase('demo', 'Degraded');
  await user.retry('demo');
  const { metadata } = await aJob();
  await user.delete(JOB, metadata.name);
  await user.phase('demo', 'Degraded', 60_000);
}

/** The name that the controller would give its ReplicaSet is taken by one that it doesn't watch. */
export async function takenReplicaSet(user: User, name: string): Promise<void> {
  await user.create(REPLICA_SET, name, {
    spec: { replicas: 0, selector: { matchLabels: { app: 'other' } }, template: podTemplate('other', 'v1') },
  });
  await user.rollout('demo', { replicas: 1, ...canary() });
  await user.phase('demo', 'Healthy');
  assert.equal((await user.replicaSets()).length, 2);
}

/** The same of an AnalysisRun. (With the other in one namespace the hashes would differ.) */
export async function takenRun(user: User, name: string, metricsUrl: string): Promise<void> {
  const labels = { 'argo-rollouts.argoproj.io/controller-instance-id': 'somebody-else' };
  await user.create(ANALYSIS_RUN, name, { metadata: { labels }, spec: { metrics: [] } });
  const web = { url: `${metricsUrl}/web` };
  await user.create(ANALYSIS_TEMPLATE, 'gate', {
    spec: { metrics: [{ name: 'web', successCondition: 'result.ok', provider: { web } }] },
  });
  await user.rollout('demo', {
    replicas: 1,
    ...canary({ setWeight: 50 }, { analysis: { templates: [{ templateName: 'gate' }] } }),
  });
  await user.phase('demo', 'Healthy');
  await user.image('demo', 'v2');
  await user.phase('demo', 'Healthy');
  assert.equal((await user.runs()).length, 2);
}

/** Somebody else writes to everything all the time, so that the controller meets conflicts and reads anew. */
export async function busyNeighbours(user: User, until: () => boolean): Promise<void> {
  const names = ['a', 'b', 'c'];
  for (const name of names) await nginxObjects(user, name);
  const over = new AbortController();
  let n = 0;
  const disturb = async (type: typeof SERVICE, name: string): Promise<void> => {
    while (!over.signal.aborted) {
      const annotations = { 'example.com/n': String(n++) };
      await user.patch(type, name, { metadata: { annotations } }).catch(() => {});
    }
  };
  const steps = [{ setWeight: 20 }, { setWeight: 40 }, { setWeight: 60 }, { setWeight: 80 }];
  for (const name of names) await user.rollout(name, { replicas: 2, ...nginx(name, steps) });
  for (const name of names) await user.phase(name, 'Healthy');
  const disturbing = names.flatMap((name) => [
    disturb(SERVICE, `${name}-canary`),
    disturb(SERVICE, `${name}-stable`),
    disturb(INGRESS, `${name}-${name}-canary`),
  ]);
  try {
    for (let round = 2; round < 6 && (round === 2 || !until()); round++) {
      for (const name of names) await user.image(name, `v${round}`);
      for (const name of names) await user.phase(name, 'Healthy', 90_000);
    }
  } finally {
    over.abort();
    await Promise.all(disturbing);
  }
}
