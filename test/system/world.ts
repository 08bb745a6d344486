/** The whole system in one process on virtual time: cluster, repositories, metric backends, and every controller. */

import assert from 'node:assert/strict';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { ApplicationStatus } from '../../src/api/application.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { analysisController } from '../../src/control/analysis/index.ts';
import type { Log } from '../../src/control/controller.ts';
import { Manager } from '../../src/control/manager.ts';
import type { QueueObserver } from '../../src/control/queue.ts';
import { rolloutController } from '../../src/control/rollout/index.ts';
import { serviceController } from '../../src/control/rollout/services.ts';
import { applicationController } from '../../src/control/sync/index.ts';
import type { WriteObservation } from '../../src/control/writer.ts';
import { MemoryGit, type MemoryFiles } from '../../src/git/memory.ts';
import type { KubeApi, KubeObject, ResourceType } from '../../src/kube/api.ts';
import { isNotFound } from '../../src/kube/api.ts';
import { sleep } from '../../src/kube/clock.ts';
import { APPLICATION, EVENT, INGRESS, LEASE, ROLLOUT } from '../../src/kube/kinds.ts';
import type { Json, JsonObject } from '../../src/lang/json.ts';
import { formatMicroTime } from '../../src/lang/time.ts';
import { parseYaml } from '../../src/lang/yaml.ts';
import type { HttpClient } from '../../src/providers/http/types.ts';
import { SandboxCluster, VirtualClock } from '../../src/sandbox/index.ts';
import type { Call } from '../../src/sandbox/index.ts';

export const NAMESPACE = 'shop';
export const START = Date.UTC(2026, 0, 1);
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export interface SystemOptions {
  readonly http?: ((clock: VirtualClock) => HttpClient) | undefined;
  readonly resyncMs?: number | undefined;
}

const noHttp: HttpClient = { request: () => Promise.reject(new Error('no metric backend here')) };

const quietQueue: QueueObserver = { depth() {}, added() {}, retried() {}, waited() {}, worked() {} };

export class System implements AsyncDisposable {
  readonly clock = new VirtualClock(START);
  readonly cluster: SandboxCluster;
  /** A person's client. */
  readonly api: KubeApi;
  readonly git = new MemoryGit();
  /** Every request of the controller: `patch Rollout/status web`. Watches count once each. */
  readonly requests: string[] = [];
  readonly writes: WriteObservation[] = [];
  /** Passes of the controllers, by their name. */
  readonly passes = new Map<string, number>();
  readonly problems: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: SystemOptions = {}) {
    this.cluster = new SandboxCluster({
      clock: this.clock,
      namespaces: ['sluice', NAMESPACE],
      crds: customResourceDefinitions() as unknown as JsonObject[],
      recordEvents: false,
    });
    this.cluster.start();
    this.api = this.cluster.api({ name: 'person', groups: ['system:masters'] });
    const api = this.cluster.api(undefined, {
      intercept: {
        call: async <T>({ verb, type, ref, subresource }: Call, proceed: () => Promise<T>): Promise<T> => {
          const what =
            `${type.kind}${subresource === undefined ? '' : `/${subresource}`} ${ref.name ?? ''}`.trim();
          try {
            const result = await proceed();
            this.requests.push(`${verb} ${what}`);
            return result;
          } catch (error) {
            // Kinds that the cluster doesn't serve are asked for now and then: they may be installed.
            this.requests.push(`${verb === 'list' && isNotFound(error) ? 'probe' : verb} ${what}`);
            throw error;
          }
        },
      },
    });
    const http = options.http?.(this.clock) ?? noHttp;
    const manager = new Manager({
      api,
      clock: this.clock,
      random: () => 0.5,
      log: this.#log(),
      controllers: [
        (context) => rolloutController(context),
        (context) => serviceController(context),
        (context) => analysisController(context, { http, env: {} }),
        (context) => applicationController(context, { api, git: this.git }),
      ],
      instanceId: '',
      ownNamespace: 'sluice',
      watchNamespace: '',
      resyncMs: options.resyncMs,
      onWrite: (observation) => this.writes.push(observation),
      metrics: {
        queue: () => quietQueue,
        event() {},
        gone() {},
        reconciled: (controller) => this.passes.set(controller, (this.passes.get(controller) ?? 0) + 1),
      },
    });
    this.#running = manager.run(this.#stop.signal);
    void this.#heartbeat();
  }

  /** A real cluster is never quite still: nodes renew their leases, and watches get bookmarks for it. */
  async #heartbeat(): Promise<void> {
    const lease = { namespace: 'kube-system', name: 'node' };
    await this.api.create(LEASE, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: lease,
      spec: { holderIdentity: 'node', leaseDurationSeconds: 40 },
    });
    while (!this.#stop.signal.aborted) {
      const body = { spec: { renewTime: formatMicroTime(this.clock.now()) } };
      await this.api.patch(LEASE, lease, { type: 'merge', body });
      await sleep(this.clock, 10 * SECOND);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const stopped = this.#running.then(() => true);
    await this.clock.advance(60 * SECOND);
    assert.ok(await stopped);
    this.cluster.stop();
  }

  // ---- a person's hands

  /** Creates every object of some YAML, in `shop` unless they say otherwise. */
  async create(yaml: string): Promise<void> {
    for (const document of parseYaml(yaml)) {
      const object = document as unknown as KubeObject;
      const { type } = this.cluster.server.resource(typeOf(object));
      await this.api.create(type, {
        ...object,
        metadata: { ...object.metadata, namespace: object.metadata.namespace ?? NAMESPACE },
      });
    }
  }

  async merge(type: ResourceType, name: string, body: JsonObject, namespace = NAMESPACE): Promise<void> {
    await this.api.patch(type, { namespace, name }, { type: 'merge', body });
  }

  /** What commands are made of: `{ abort: true }`, `{ pauseConditions: null }`. */
  async setStatus(name: string, status: JsonObject): Promise<void> {
    const ref = { namespace: NAMESPACE, name };
    await this.api.patch(ROLLOUT, ref, { type: 'merge', body: { status } }, { subresource: 'status' });
  }

  async remove(type: ResourceType, name: string, namespace = NAMESPACE): Promise<void> {
    await this.api.delete(type, { namespace, name });
  }

  /** A repository with one commit, and the Application that brings it into `shop`. */
  async application(name: string, files: MemoryFiles | undefined, source: JsonObject = {}): Promise<void> {
    const repoURL = typeof source['repoURL'] === 'string' ? source['repoURL'] : urlOf(name);
    if (files !== undefined) this.git.repository(repoURL).commit(files);
    await this.api.create(APPLICATION, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'sluice', labels: { 'sluice.dev/syncer': 'sluice' } },
      spec: {
        project: 'default',
        source: { path: '', targetRevision: 'main', ...source, repoURL },
        destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    });
  }

  async refresh(name: string): Promise<void> {
    const body = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
    await this.merge(APPLICATION, name, body, 'sluice');
  }

  /** What the ingress controller of a real cluster does; without an address an Ingress is not Healthy. */
  async giveIngressesAnAddress(): Promise<void> {
    const body = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
    for (const { metadata } of (await this.api.list(INGRESS, {})).items)
      await this.api.patch(INGRESS, metadata, { type: 'merge', body }, { subresource: 'status' });
  }

  // ---- what there is to see

  async get(type: ResourceType, name: string, namespace = NAMESPACE): Promise<KubeObject> {
    return await this.api.get(type, { namespace, name });
  }

  async rollout(name: string): Promise<RolloutStatus> {
    return ((await this.get(ROLLOUT, name))['status'] ?? {}) as RolloutStatus;
  }

  async applicationStatus(name: string): Promise<ApplicationStatus> {
    return ((await this.get(APPLICATION, name, 'sluice'))['status'] ?? {}) as ApplicationStatus;
  }

  /** `Warning InvalidSpec: text`, of one object, in the order of sending. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.api.list(EVENT, {});
    return items
      .filter((event) => (event['involvedObject'] as { name?: string }).name === name)
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(
        (event) => `${event['type'] as string} ${event['reason'] as string}: ${event['message'] as string}`,
      );
  }

  /** What nginx sends to the canary, in percent. */
  async nginxWeight(rollout: string): Promise<number> {
    const { items } = await this.api.list(INGRESS, { namespace: NAMESPACE });
    const canary = items.find(({ metadata }) => metadata.name === `${rollout}-${rollout}-canary`);
    const weight = canary?.metadata.annotations?.['nginx.ingress.kubernetes.io/canary-weight'];
    return weight === undefined ? 0 : Number(weight);
  }

  #log(): Log {
    const keep = (fields: Readonly<Record<string, unknown>>, message: string): void => {
      const { error } = fields;
      this.problems.push(`${message} ${JSON.stringify(fields)} ${error instanceof Error ? error.stack : ''}`);
    };
    const log: Log = { debug() {}, info() {}, warn: keep, error: keep, child: () => log };
    return log;
  }
}

export const urlOf = (name: string): string => `https://git.example.com/team/${name}`;

function typeOf(object: KubeObject): { group: string; version: string; plural: string } {
  const [group = '', version] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  const kind = object.kind.toLowerCase();
  const plural = kind.endsWith('s') ? `${kind}es` : `${kind}s`;
  return { group, version: version ?? 'v1', plural };
}

/** The manifests of one Rollout; `change` is merged over its spec by the caller's own YAML. */
export function rolloutYaml(
  name: string,
  { image = 'app:v1', replicas = 5, steps = '[]', canary = '' } = {},
): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: app, image: "${image}", ports: [{containerPort: 8080}]}]}
  strategy:
    canary:
      steps: ${steps}
${canary}
---
`;
}

export const serviceYaml = (name: string, app = name): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: 80, targetPort: 8080}], selector: {app: ${app}}}\n---\n`;

/** A Rollout with this blue-green strategy, in YAML, and the Services `active` and `preview`. */
export const blueGreenYaml = (name: string, replicas: number, blueGreen: string): string =>
  ['active', 'preview'].map((service) => serviceYaml(service, name)).join('') +
  rolloutYaml(name, { replicas }).replace('canary:\n      steps: []\n', `blueGreen: ${blueGreen}\n`);

/** Stable and canary Service and an Ingress, as the nginx router wants them. */
export function nginxYaml(name: string): string {
  return `${serviceYaml(`${name}-stable`, name)}${serviceYaml(`${name}-canary`, name)}apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}}
spec:
  ingressClassName: nginx
  rules:
    - host: ${name}.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${name}-stable, port: {number: 80}}}}]}
---
`;
}

export const nginxCanary = (name: string): string => `      stableService: ${name}-stable
      canaryService: ${name}-canary
      trafficRouting: {nginx: {stableIngress: ${name}}}
`;

/** The answer of a Prometheus: a vector with these values. */
export const vector = (...values: (number | string)[]): Json => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: values.map((value) => ({ metric: {}, value: [0, String(value)] })),
  },
});
