/** The command line in process: over the embedded API server, on a virtual clock, with every request written down. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { CliError } from '../../src/cli/errors.ts';
import { runCli } from '../../src/cli/run.ts';
import type { KubeApi, KubeObject, ResourceType } from '../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CLUSTER_ANALYSIS_TEMPLATE,
  DEPLOYMENT,
  EXPERIMENT,
  POD,
  REPLICA_SET,
  ROLLOUT,
} from '../../src/kube/kinds.ts';
import type { ConnectionFlags } from '../../src/kube/kubeconfig.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { SandboxCluster, VirtualClock } from '../../src/sandbox/index.ts';

export const NS = 'shop';
export const START = Date.UTC(2026, 0, 1, 12);

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

export interface Terminal {
  terminal?: boolean;
  env?: Record<string, string>;
  files?: Record<string, string>;
  signal?: AbortSignal;
  rows?: number;
  /** Called with what is printed so far, at each write. */
  onOut?: (out: string) => void;
}

/** `UPDATE_GOLDEN=1 npm test -- test/cli` writes what is shown now. */
export function golden(name: string, text: string): void {
  const file = new URL(`golden/${name}.txt`, import.meta.url);
  // Escape sequences as a person can read them.
  const readable = text.replaceAll('\u001b', '^[');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, readable);
  assert.equal(readable, readFileSync(file, 'utf8'), `test/cli/golden/${name}.txt`);
}

const TYPES: Record<string, ResourceType> = Object.fromEntries(
  [
    ROLLOUT,
    REPLICA_SET,
    POD,
    EXPERIMENT,
    ANALYSIS_RUN,
    ANALYSIS_TEMPLATE,
    CLUSTER_ANALYSIS_TEMPLATE,
    DEPLOYMENT,
  ].map((type) => [type.kind, type]),
);

const pathOf = (type: ResourceType, name: string, subresource?: string): string =>
  `${type.plural}/${name}${subresource === undefined ? '' : `/${subresource}`}`;

export class Bench {
  readonly clock = new VirtualClock(START);
  readonly cluster: SandboxCluster;
  /** Somebody else's client: what it does isn't recorded. */
  readonly api: KubeApi;
  /** `PATCH rollouts/web/status merge {...}`: the requests of the commands. Reads are written without bodies. */
  readonly requests: string[] = [];
  readonly managers = new Set<string | undefined>();
  readonly flags: ConnectionFlags[] = [];
  /** Stands before each request of a command; what it throws is the answer. */
  before: ((request: string) => void | Promise<void>) | undefined;
  readonly #recorded: KubeApi;

  constructor(options: { statusSubresource?: boolean } = {}) {
    const crds = customResourceDefinitions() as JsonObject[];
    for (const crd of crds) {
      const [version] = (crd['spec'] as { versions: JsonObject[] }).versions;
      if (options.statusSubresource === false) delete version?.['subresources'];
    }
    this.cluster = new SandboxCluster({ clock: this.clock, crds, namespaces: [NS, 'other'] });
    this.api = this.cluster.api({ name: 'test' });
    this.#recorded = this.#record(this.cluster.api({ name: 'user' }));
  }

  async run(line: string | string[], how: Terminal = {}): Promise<Outcome> {
    const argv = typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line;
    const outcome = { code: -1, out: '', err: '' };
    outcome.code = await runCli(argv, {
      clock: this.clock,
      random: () => 0.5,
      signal: how.signal ?? new AbortController().signal,
      build: { version: 'v1.2.3', details: [['Platform', 'test/none']] },
      io: {
        out: (text) => {
          outcome.out += text;
          how.onOut?.(outcome.out);
        },
        err: (text) => {
          outcome.err += text;
        },
        readFile: (path) => {
          const text = how.files?.[path];
          if (text === undefined) return Promise.reject(new Error(`ENOENT: no such file, open '${path}'`));
          return Promise.resolve(text);
        },
        env: how.env ?? {},
        isTerminal: how.terminal ?? false,
        rows: () => how.rows,
      },
      connect: (flags) => {
        this.flags.push(flags);
        if (flags.context === 'broken')
          return Promise.reject(new CliError('context "broken" does not exist'));
        return Promise.resolve({
          api: this.#recorded,
          namespace: flags.namespace ?? NS,
          server: 'https://cluster.example:6443',
          context: 'test',
        });
      },
    });
    return outcome;
  }

  /** Creates objects with their status, and gives each the age that its creationTimestamp says. */
  async put(...objects: JsonObject[]): Promise<KubeObject[]> {
    const stored: KubeObject[] = [];
    for (const object of objects) {
      const type = TYPES[String(object['kind'])];
      if (type === undefined) throw new Error(`the bench knows no ${String(object['kind'])}`);
      const { status, ...rest } = object;
      const metadata = {
        ...(type.namespaced ? { namespace: NS } : {}),
        ...(object['metadata'] as JsonObject),
      };
      let made = await this.api.create(type, { ...rest, metadata } as unknown as KubeObject);
      if (status !== undefined) {
        const hasStatus = type !== EXPERIMENT && type !== ANALYSIS_RUN;
        const ref = { namespace: made.metadata.namespace, name: made.metadata.name };
        const patch = { type: 'merge' as const, body: { status } };
        made = await this.api.patch(type, ref, patch, hasStatus ? { subresource: 'status' } : {});
      }
      stored.push(made);
    }
    return stored;
  }

  async get(type: ResourceType, name: string): Promise<JsonObject> {
    return (await this.api.get(type, { namespace: NS, name })) as unknown as JsonObject;
  }

  #record(api: KubeApi): KubeApi {
    const note = async (line: string, options?: { fieldManager?: string | undefined }): Promise<void> => {
      this.requests.push(line);
      if (options !== undefined) this.managers.add(options.fieldManager);
      await this.before?.(line);
    };
    return {
      get: async (type, ref, options) => {
        await note(`GET ${pathOf(type, ref.name)}`);
        return api.get(type, ref, options);
      },
      list: async (type, options) => {
        const selector = options?.labelSelector === undefined ? '' : `?${options.labelSelector}`;
        await note(`LIST ${type.plural}${selector}`);
        return api.list(type, options);
      },
      watch: (type, options) => api.watch(type, options),
      create: async (type, object, options = {}) => {
        await note(`POST ${type.plural} ${JSON.stringify(object)}`, options);
        return api.create(type, object, options);
      },
      replace: async (type, object, options = {}) => {
        await note(`PUT ${pathOf(type, object.metadata.name)}`, options);
        return api.replace(type, object, options);
      },
      patch: async (type, ref, patch, options = {}) => {
        const line = `PATCH ${pathOf(type, ref.name, options.subresource)} ${patch.type} ${JSON.stringify(patch.body)}`;
        await note(line, options);
        return api.patch(type, ref, patch, options);
      },
      delete: async (type, ref, options) => {
        await note(`DELETE ${pathOf(type, ref.name)}`);
        return api.delete(type, ref, options);
      },
    };
  }
}

export const podTemplate = (image: string, hash?: string): JsonObject => ({
  metadata: { labels: { app: 'web', ...(hash === undefined ? {} : { 'rollouts-pod-template-hash': hash }) } },
  spec: { containers: [{ name: 'app', image }] },
});

/** A null in `spec` takes a field away. */
export function rollout(
  name: string,
  strategy: JsonObject,
  status: JsonObject = {},
  spec: JsonObject = {},
): JsonObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name },
    spec: Object.fromEntries(
      Object.entries({
        replicas: 5,
        selector: { matchLabels: { app: 'web' } },
        template: podTemplate('example.com/web:v2'),
        strategy,
        ...spec,
      }).filter(([, value]) => value !== null),
    ),
    status,
  };
}

export const ownedBy = (owner: KubeObject): JsonObject[] => [
  {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
  },
];

export function replicaSet(
  owner: KubeObject,
  hash: string,
  about: {
    revision?: string;
    size?: number;
    available?: number;
    image?: string;
    annotations?: JsonObject;
    name?: string;
  },
): JsonObject {
  const { size = 0, image = 'example.com/web:v1' } = about;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: about.name ?? `${owner.metadata.name}-${hash}`,
      labels: { app: 'web', 'rollouts-pod-template-hash': hash },
      annotations: {
        ...(about.revision === undefined ? {} : { 'rollout.argoproj.io/revision': about.revision }),
        ...about.annotations,
      },
      ownerReferences: ownedBy(owner),
    },
    spec: {
      replicas: size,
      selector: { matchLabels: { app: 'web', 'rollouts-pod-template-hash': hash } },
      template: podTemplate(image, hash),
    },
    status: {
      replicas: size,
      readyReplicas: about.available ?? size,
      availableReplicas: about.available ?? size,
      observedGeneration: 1,
    },
  };
}

export function pod(owner: KubeObject, suffix: string, status: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${owner.metadata.name}-${suffix}`,
      labels: owner.metadata.labels ?? {},
      ownerReferences: ownedBy(owner),
    },
    spec: { containers: [{ name: 'app', image: 'example.com/web:v1' }] },
    status: {
      phase: 'Running',
      containerStatuses: [
        { name: 'app', ready: true, restartCount: 0, image: '', imageID: '', state: { running: {} } },
      ],
      ...status,
    },
  };
}

/** Canary of five pods at its second step, as the reference would show it. */
export const STEPS = [
  { setWeight: 20 },
  { pause: {} },
  { setWeight: 40 },
  { pause: { duration: '10m' } },
  { setWeight: 60 },
];
