/** What a user does to Rollouts in the cluster suites, and what they wait for. */

import type { KubeApi, KubeObject, Patch, ResourceType } from '../../src/kube/api.ts';
import { isNotFound } from '../../src/kube/api.ts';
import { ANALYSIS_RUN, NAMESPACE, REPLICA_SET, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import { eventually } from './harness.ts';

export interface RolloutStatusView {
  readonly phase?: string;
  readonly message?: string;
  readonly currentStepIndex?: number;
  readonly observedGeneration?: string | number;
  readonly currentPodHash?: string;
  readonly stableRS?: string;
  readonly pauseConditions?: readonly { reason: string; startTime: string }[];
  readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  readonly replicas?: number;
}
export const statusOf = (object: KubeObject): RolloutStatusView =>
  (object['status'] ?? {}) as RolloutStatusView;

export class User {
  readonly api: KubeApi;
  readonly namespace: string;

  constructor(api: KubeApi, namespace: string) {
    this.api = api;
    this.namespace = namespace;
  }

  /** Makes the namespace, and waits until ServiceAccounts make pods possible in it. */
  static async inNamespace(api: KubeApi, namespace: string): Promise<User> {
    await api.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    return new User(api, namespace);
  }

  async create(type: ResourceType, name: string, rest: Record<string, unknown>): Promise<KubeObject> {
    const { metadata, ...body } = rest as { metadata?: object };
    return await this.api.create(type, {
      apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`,
      kind: type.kind,
      metadata: { name, ...(type.namespaced ? { namespace: this.namespace } : {}), ...metadata },
      ...body,
    });
  }

  async rollout(name: string, spec: Record<string, unknown>, image = 'v1'): Promise<KubeObject> {
    return await this.create(ROLLOUT, name, {
      spec: { selector: { matchLabels: { app: name } }, template: podTemplate(name, image), ...spec },
    });
  }

  async service(name: string, app: string): Promise<void> {
    await this.create(SERVICE, name, { spec: { selector: { app }, ports: [{ port: 80 }] } });
  }

  async get(type: ResourceType, name: string): Promise<KubeObject | undefined> {
    try {
      return await this.api.get(type, { namespace: this.namespace, name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list(type: ResourceType): Promise<readonly KubeObject[]> {
    return (await this.api.list(type, { namespace: this.namespace })).items;
  }

  async patch(
    type: ResourceType,
    name: string,
    body: object,
    subresource?: 'status' | 'scale',
  ): Promise<void> {
    const patch = { type: 'merge', body } as Patch;
    await this.api.patch(
      type,
      { namespace: this.namespace, name },
      patch,
      subresource === undefined ? {} : { subresource },
    );
  }

  async delete(type: ResourceType, name: string): Promise<void> {
    await this.api.delete(type, { namespace: this.namespace, name }, { propagationPolicy: 'Background' });
  }

  async image(name: string, tag: string): Promise<void> {
    await this.patch(ROLLOUT, name, {
      spec: { template: { spec: { containers: [{ name: 'app', image: `example/app:${tag}` }] } } },
    });
  }

  promote = (name: string): Promise<void> =>
    this.patch(ROLLOUT, name, { status: { pauseConditions: null } }, 'status');
  abort = (name: string): Promise<void> => this.patch(ROLLOUT, name, { status: { abort: true } }, 'status');
  retry = (name: string): Promise<void> => this.patch(ROLLOUT, name, { status: { abort: null } }, 'status');

  /** Waits for a phase that the controller said about the current spec. */
  async phase(name: string, phase: string, limitMs = 45_000, step?: number): Promise<RolloutStatusView> {
    let last: KubeObject | undefined;
    try {
      await eventually(
        `${this.namespace}/${name} to be ${phase}${step === undefined ? '' : ` at step ${step}`}`,
        async () => {
          last = await this.get(ROLLOUT, name);
          if (last === undefined) return false;
          const status = statusOf(last);
          return (
            status.phase === phase &&
            Number(status.observedGeneration) === last.metadata.generation &&
            (step === undefined || status.currentStepIndex === step)
          );
        },
        limitMs,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}; its status: ${JSON.stringify(last?.['status'])}`, {
        cause: error,
      });
    }
    return statusOf(last as KubeObject);
  }

  async replicaSets(): Promise<readonly KubeObject[]> {
    return await this.list(REPLICA_SET);
  }

  async runs(): Promise<readonly KubeObject[]> {
    return await this.list(ANALYSIS_RUN);
  }
}

export const podTemplate = (app: string, image: string): object => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'app', image: `example/app:${image}` }] },
});

export const canary = (...steps: readonly object[]): object => ({
  strategy: { canary: { maxSurge: 1, maxUnavailable: 0, steps } },
});
