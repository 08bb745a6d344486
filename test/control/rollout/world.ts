/** An embedded API server, the real manager and controller on a virtual clock, and ReplicaSets whose pods come up. */

import assert from 'node:assert/strict';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import type { RolloutStatus } from '../../../src/api/rollout.ts';
import type { Log } from '../../../src/control/controller.ts';
import { Manager } from '../../../src/control/manager.ts';
import type { FinishedRollout } from '../../../src/control/rollout/finished.ts';
import { rolloutController } from '../../../src/control/rollout/index.ts';
import { serviceController } from '../../../src/control/rollout/services.ts';
import type { Router } from '../../../src/routers/types.ts';
import type { KubeApi, KubeObject } from '../../../src/kube/api.ts';
import { ApiUnreachable } from '../../../src/kube/api.ts';
import { EVENT, INGRESS, REPLICA_SET, ROLLOUT, SERVICE } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import type { Interceptor } from '../../../src/sandbox/index.ts';
import { SandboxCluster, VirtualClock } from '../../../src/sandbox/index.ts';

export const NAMESPACE = 'shop';
const CREATED_MS = 50;

export interface WorldOptions {
  /** Until a pod of this image is ready. */
  readyAfterMs?: (image: string) => number;
  /** Those that the controller drives. */
  routers?: readonly Router[];
  /** Stands between the controller and the server. */
  intercept?: Interceptor['call'];
}

export class ClusterWorld {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  readonly cluster: SandboxCluster;
  /** The user's client. */
  readonly api: KubeApi;
  readonly log: string[] = [];
  /** Writes of the controller: `patch rollouts/status`. */
  readonly writes: string[] = [];
  /** Ends of updates, as the metrics hear of them. */
  readonly finished: FinishedRollout[] = [];
  readonly #stop = new AbortController();
  #manager = new AbortController();
  #process = { alive: true };
  readonly #options: WorldOptions;
  #running: Promise<void> | undefined;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.cluster = new SandboxCluster({
      clock: this.clock,
      namespaces: ['sluice', NAMESPACE],
      crds: customResourceDefinitions() as unknown as JsonObject[],
    });
    this.api = this.cluster.api();
  }

  start(): this {
    this.startController();
    void this.#kubelet();
    return this;
  }

  /** Nothing more comes from the process that runs now. */
  crash(): void {
    this.#process.alive = false;
    this.#manager.abort();
  }

  /** A process of the controller. One that runs already goes on beside it, as a deposed leader for a moment. */
  startController(): void {
    this.#manager = new AbortController();
    const keep =
      (level: string) =>
      (fields: Readonly<Record<string, unknown>>, message: string): void => {
        const { error } = fields;
        this.log.push(`${level} ${message} ${error instanceof Error ? (error.stack ?? error.message) : ''}`);
      };
    const log: Log = {
      debug() {},
      info() {},
      warn: keep('warn'),
      error: keep('error'),
      child: () => log,
    };
    const { intercept, routers } = this.#options;
    const process = { alive: true };
    this.#process = process;
    const call: Interceptor['call'] = async (request, proceed) => {
      if (!process.alive) throw new ApiUnreachable('this process is gone');
      return intercept === undefined ? proceed() : intercept(request, proceed);
    };
    const api = this.cluster.api(undefined, { intercept: { call } });
    const manager = new Manager({
      api,
      clock: this.clock,
      random: () => 0.5,
      log,
      controllers: [
        (context) =>
          rolloutController(context, { routers, onFinished: (end) => void this.finished.push(end) }),
        (context) => serviceController(context),
      ],
      instanceId: '',
      ownNamespace: 'sluice',
      watchNamespace: '',
      onWrite: ({ verb, type, subresource }) => {
        if (type.kind !== 'Event')
          this.writes.push(`${verb} ${type.plural}${subresource === undefined ? '' : `/${subresource}`}`);
      },
    });
    const running = manager.run(this.#manager.signal);
    running.catch(() => {});
    this.#running = running;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#manager.abort();
    const stopped = this.#running?.then(() => true);
    await this.clock.advance(30_000);
    assert.ok(await stopped);
  }

  /** ReplicaSets get their pods after a moment, and these are ready after another. */
  async #kubelet(): Promise<void> {
    const api = this.cluster.api();
    const ready = new Map<string, number[]>();
    const { signal } = this.#stop;
    const report = async (name: string): Promise<void> => {
      try {
        const rs = await api.get(REPLICA_SET, { namespace: NAMESPACE, name });
        const size = (rs['spec'] as { replicas: number }).replicas;
        const pods = (ready.get(name) ?? []).slice(0, size);
        const available = pods.filter((at) => at <= this.clock.now()).length;
        await api.patch(
          REPLICA_SET,
          { namespace: NAMESPACE, name },
          {
            type: 'merge',
            body: {
              status: {
                replicas: pods.length,
                readyReplicas: available,
                availableReplicas: available,
                observedGeneration: rs.metadata.generation ?? 0,
              },
            },
          },
          { subresource: 'status' },
        );
      } catch {
        // deleted in the meantime
      }
    };
    try {
      for await (const event of api.watch(REPLICA_SET, { signal, resourceVersion: '0' })) {
        if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue;
        const { name } = event.object.metadata;
        const spec = event.object['spec'] as {
          replicas: number;
          template: { spec: { containers: { image: string }[] } };
        };
        const pods = ready.get(name) ?? [];
        ready.set(name, pods);
        if (pods.length === spec.replicas) {
          const { observedGeneration = 0 } = (event.object['status'] ?? {}) as {
            observedGeneration?: number;
          };
          if (observedGeneration < (event.object.metadata.generation ?? 0))
            this.clock.setTimer(CREATED_MS, () => void report(name));
          continue;
        }
        const image = spec.template.spec.containers[0]?.image ?? '';
        const after = this.#options.readyAfterMs?.(image) ?? 1_500;
        pods.sort((a, b) => a - b).splice(spec.replicas);
        while (pods.length < spec.replicas) pods.push(this.clock.now() + after);
        this.clock.setTimer(CREATED_MS, () => void report(name));
        if (after < Infinity) this.clock.setTimer(after, () => void report(name));
      }
    } catch {
      // stopped
    }
  }

  // ---- objects

  async deploy(strategy: JsonObject, spec: JsonObject = {}): Promise<void> {
    await this.api.create(ROLLOUT, rolloutManifest(strategy, spec));
  }

  async rollout(): Promise<KubeObject> {
    return this.api.get(ROLLOUT, { namespace: NAMESPACE, name: 'demo' });
  }

  async status(): Promise<RolloutStatus> {
    return ((await this.rollout())['status'] ?? {}) as RolloutStatus;
  }

  async patchSpec(body: JsonObject): Promise<void> {
    await this.api.patch(
      ROLLOUT,
      { namespace: NAMESPACE, name: 'demo' },
      { type: 'merge', body: { spec: body } },
    );
  }

  async patchStatus(body: JsonObject): Promise<void> {
    await this.api.patch(
      ROLLOUT,
      { namespace: NAMESPACE, name: 'demo' },
      { type: 'merge', body: { status: body } },
      { subresource: 'status' },
    );
  }

  image = (tag: string): Promise<void> =>
    this.patchSpec({
      template: { spec: { containers: [{ name: 'app', image: `example.com/app:${tag}` }] } },
    });

  async until(phase: string, step?: number, withinMs = 600_000): Promise<RolloutStatus> {
    let left = withinMs;
    for (;;) {
      const status = await this.status();
      const generation = String((await this.rollout()).metadata.generation);
      if (
        status.phase === phase &&
        String(status.observedGeneration) === generation &&
        (step === undefined || status.currentStepIndex === step)
      )
        return status;
      assert.ok(
        left > 0,
        `never ${phase} at step ${step}: ${JSON.stringify(status, null, 1)}\n${this.log.join('\n')}\n${this.writes.slice(-40).join('\n')}`,
      );
      left -= 100;
      await this.clock.advance(100);
    }
  }

  async events(): Promise<string[]> {
    const { items } = await this.api.list(EVENT, { namespace: NAMESPACE });
    return items
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map((event) => `${event['reason'] as string}`);
  }

  async addServices(names = ['demo-stable', 'demo-canary']): Promise<void> {
    for (const name of names) {
      await this.api.create(SERVICE, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: NAMESPACE },
        spec: { selector: { app: 'demo' }, ports: [{ port: 80 }] },
      });
    }
    await this.api.create(INGRESS, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'demo', namespace: NAMESPACE },
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host: 'demo.example.com',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: 'demo-stable', port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    });
  }

  async weight(): Promise<string | undefined> {
    const ingress = await this.api.get(INGRESS, { namespace: NAMESPACE, name: 'demo-demo-canary' });
    return ingress.metadata.annotations?.['nginx.ingress.kubernetes.io/canary-weight'];
  }

  async selector(service: string): Promise<string | undefined> {
    const object = await this.api.get(SERVICE, { namespace: NAMESPACE, name: service });
    return (object['spec'] as { selector: Record<string, string> }).selector['rollouts-pod-template-hash'];
  }
}

export const NGINX = {
  canaryService: 'demo-canary',
  stableService: 'demo-stable',
  trafficRouting: { nginx: { stableIngress: 'demo' } },
};

export function rolloutManifest(strategy: JsonObject, spec: JsonObject = {}, name = 'demo'): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: 'example.com/app:v1' }] },
      },
      strategy: { canary: strategy },
      ...spec,
    },
  };
}
