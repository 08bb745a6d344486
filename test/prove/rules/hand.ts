/** Histories written by hand, for the tests of the rules: objects, who changes them, and what one rule finds. */

import type { KubeObject } from '../../../src/kube/api.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { applyMergePatch } from '../../../src/lang/patch/merge.ts';
import { HASH } from './read.ts';
import { RuleWatch } from './index.ts';
import type { Actor, Happening, Need, Rule, Violation } from './types.ts';

const NAMESPACE = 'shop';
const START = Date.UTC(2026, 0, 1);
const ALL: readonly Need[] = [
  'call',
  'traffic',
  'pass',
  'fault',
  'process',
  'measurement',
  'commit',
  'quiet',
];

export const keyOfName = (name: string): string => `${NAMESPACE}/${name}`;

export class Hand {
  readonly found: Violation[] = [];
  readonly watch: RuleWatch;
  now = START;
  /** The process that acts where `sluice` does. */
  process = 'a';
  #uid = 0;
  #pass = 0;
  #open: number | undefined;

  constructor(rule: Rule) {
    this.watch = new RuleWatch({ has: ALL, rules: [rule] });
  }

  get checks(): number {
    return this.watch.tally()[0]?.checks ?? 0;
  }

  as(process: string): this {
    this.process = process;
    return this;
  }

  wait(seconds: number): this {
    this.now += seconds * 1_000;
    return this;
  }

  tell(happening: Happening): this {
    this.found.push(...this.watch.see(happening));
    return this;
  }

  end(): this {
    this.found.push(...this.watch.end(this.now));
    return this;
  }

  // ---- who

  #actor(role: Actor['role']): Actor {
    return {
      role,
      name: role === 'sluice' ? this.process : role,
      ...(role === 'sluice' ? { pass: this.#open } : {}),
    };
  }

  begin(controller = 'Rollouts', key = keyOfName('web'), informedSince = this.now): this {
    this.#open = ++this.#pass;
    return this.tell({
      what: 'pass',
      at: this.now,
      id: this.#open,
      actor: { role: 'sluice', name: this.process },
      state: 'begins',
      controller,
      key,
      informedSince,
    });
  }

  finish(error?: string, controller = 'Rollouts', key = keyOfName('web')): this {
    const id = this.#open ?? 0;
    this.#open = undefined;
    return this.tell({
      what: 'pass',
      at: this.now,
      id,
      actor: { role: 'sluice', name: this.process },
      state: 'ends',
      controller,
      key,
      informedSince: this.now,
      error,
    });
  }

  fault(kind: string, lasts = 0): this {
    return this.tell({
      what: 'fault',
      at: this.now,
      kind,
      target: this.process,
      until: this.now + lasts * 1_000,
    });
  }

  // ---- objects

  create(object: JsonObject, role: Actor['role'] = 'person'): this {
    const metadata = object['metadata'] as JsonObject;
    const after = {
      ...object,
      metadata: {
        namespace: NAMESPACE,
        uid: `uid-${++this.#uid}`,
        resourceVersion: String(this.#uid),
        generation: 1,
        creationTimestamp: new Date(this.now).toISOString(),
        ...metadata,
      },
    } as unknown as KubeObject;
    return this.#change('create', role, undefined, after);
  }

  patch(
    kind: string,
    name: string,
    body: JsonObject,
    role: Actor['role'] = 'sluice',
    subresource?: string,
  ): this {
    const before = this.watch.scene.get(kind, keyOfName(name));
    if (before === undefined) throw new Error(`no ${kind} ${name}`);
    const after = applyMergePatch(before as never, body as never) as unknown as KubeObject;
    const generation = (before.metadata.generation ?? 1) + (body['spec'] === undefined ? 0 : 1);
    const metadata = { ...after.metadata, generation, resourceVersion: String(++this.#uid) };
    return this.#change('update', role, before, { ...after, metadata }, subresource);
  }

  remove(kind: string, name: string, role: Actor['role'] = 'sluice', subresource?: string): this {
    return this.#change('delete', role, this.watch.scene.get(kind, keyOfName(name)), undefined, subresource);
  }

  #change(
    verb: 'create' | 'update' | 'delete',
    role: Actor['role'],
    before: KubeObject | undefined,
    after: KubeObject | undefined,
    subresource?: string,
  ): this {
    const object = after ?? before;
    if (object === undefined) throw new Error('nothing to change');
    return this.tell({
      what: 'change',
      at: this.now,
      actor: this.#actor(role),
      verb,
      kind: object.kind,
      key: keyOfName(object.metadata.name),
      subresource,
      before,
      after,
    });
  }

  call(fields: Partial<Extract<Happening, { what: 'call' }>>): this {
    return this.tell({
      what: 'call',
      at: this.now,
      actor: this.#actor('sluice'),
      sentAt: this.now,
      verb: 'patch',
      kind: 'Rollout',
      key: keyOfName('web'),
      subresource: undefined,
      precondition: true,
      code: 200,
      carriedOut: true,
      ...fields,
    });
  }

  // ---- the usual scenery

  rollout(strategy: JsonObject, spec: JsonObject = {}, status: JsonObject = {}): this {
    return this.create({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'web', uid: 'uid-web' },
      spec: {
        replicas: 10,
        selector: { matchLabels: { app: 'web' } },
        template: template('v1'),
        strategy,
        ...spec,
      },
      status: { observedGeneration: '1', phase: 'Healthy', stableRS: 'v1', currentPodHash: 'v1', ...status },
    });
  }

  /** A version with some of its pods ready. Its hash is its name. */
  version(hash: string, size: number, ready = size, role: Actor['role'] = 'kubernetes'): this {
    this.create(
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: {
          name: `web-${hash}`,
          labels: { app: 'web', [HASH]: hash },
          ownerReferences: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              name: 'web',
              uid: 'uid-web',
              controller: true,
            },
          ],
        },
        spec: { replicas: size, template: template(hash) },
      },
      role,
    );
    for (let i = 0; i < ready; i++) this.pod(hash, i);
    return this;
  }

  pod(hash: string, number: number, ready = true): this {
    return this.create(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `web-${hash}-${number}`,
          labels: { app: 'web', [HASH]: hash },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `web-${hash}`, uid: hash, controller: true },
          ],
        },
        spec: {},
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
      },
      'kubernetes',
    );
  }

  service(name: string, hash?: string): this {
    return this.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: 'web', ...(hash === undefined ? {} : { [HASH]: hash }) } },
    });
  }

  /** Stable and canary Service, an Ingress, and the canary Ingress that sends a weight. */
  nginx(stable: string, canary: string, weight: number): this {
    this.service('web-stable', stable).service('web-canary', canary);
    this.create(ingress('web', 'web-stable'));
    return this.create(
      {
        ...ingress('web-web-canary', 'web-canary'),
        metadata: {
          name: 'web-web-canary',
          annotations: weightOf(weight),
          ownerReferences: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              name: 'web',
              uid: 'uid-web',
              controller: true,
            },
          ],
        },
      },
      'kubernetes',
    );
  }

  weight(weight: number, role: Actor['role'] = 'sluice'): this {
    return this.patch('Ingress', 'web-web-canary', { metadata: { annotations: weightOf(weight) } }, role);
  }

  select(service: string, hash: string, role: Actor['role'] = 'sluice'): this {
    return this.patch('Service', service, { spec: { selector: { [HASH]: hash } } }, role);
  }

  scale(hash: string, size: number, role: Actor['role'] = 'sluice'): this {
    return this.patch('ReplicaSet', `web-${hash}`, { spec: { replicas: size } }, role);
  }

  status(body: JsonObject, role: Actor['role'] = 'sluice'): this {
    return this.patch('Rollout', 'web', { status: body }, role, 'status');
  }

  run(
    name: string,
    labels: Record<string, string>,
    status: JsonObject = {},
    role: Actor['role'] = 'sluice',
  ): this {
    return this.create(
      {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'AnalysisRun',
        metadata: {
          name,
          labels,
          ownerReferences: [
            {
              apiVersion: 'argoproj.io/v1alpha1',
              kind: 'Rollout',
              name: 'web',
              uid: 'uid-web',
              controller: true,
            },
          ],
        },
        spec: {},
        status,
      },
      role,
    );
  }
}

export const template = (tag: string): JsonObject => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image: `example.com/app:${tag}` }] },
});

export const NGINX: JsonObject = {
  canary: {
    stableService: 'web-stable',
    canaryService: 'web-canary',
    trafficRouting: { nginx: { stableIngress: 'web' } },
  },
};

/** The same with steps and whatever else. */
export const nginxWith = (fields: JsonObject): JsonObject => ({
  canary: { ...(NGINX['canary'] as JsonObject), ...fields },
});

const weightOf = (weight: number): JsonObject => ({
  'nginx.ingress.kubernetes.io/canary': 'true',
  'nginx.ingress.kubernetes.io/canary-weight': String(weight),
});

const ingress = (name: string, service: string): JsonObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name },
  spec: {
    rules: [
      {
        host: 'web.example.com',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: 80 } } } },
          ],
        },
      },
    ],
  },
});

export const NOT_READY: JsonObject = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };

export const warning = (reason: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `web.${reason}` },
  type: 'Warning',
  reason,
  involvedObject: { kind: 'Rollout', name: 'web' },
});
