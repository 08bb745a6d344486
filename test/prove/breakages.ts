/** Things that people write wrong, and put right later. */

import {
  ApiError,
  isNotFound,
  type KubeObject,
  type ObjectRef,
  type ResourceType,
} from '../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  APPLICATION,
  CLUSTER_ANALYSIS_TEMPLATE,
  CONFIG_MAP,
  CUSTOM_RESOURCE_DEFINITION,
  DEPLOYMENT,
  INGRESS,
  JOB,
  NAMESPACE,
  POD,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { applyMergePatch, createMergePatch } from '../../src/lang/patch/merge.ts';
import { HASH_LABEL } from '../../src/plan/rollout/names.ts';
import type { Action } from './history.ts';
import { KEY, SHOP } from './manifests.ts';
import type { World } from './world.ts';

/** A kind that is no part of what Sluice reads by name. */
const other = (group: string, version: string, plural: string, kind: string, namespaced = true) =>
  ({ group, version, plural, kind, namespaced }) satisfies ResourceType;

const TYPES: Readonly<Record<string, ResourceType>> = Object.fromEntries(
  [
    other('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
    other('', 'v1', 'secrets', 'Secret'),
    other('apps', 'v1', 'statefulsets', 'StatefulSet'),
    other('apps', 'v1', 'daemonsets', 'DaemonSet'),
    other('batch', 'v1', 'cronjobs', 'CronJob'),
    other('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
    other('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
    other('apiregistration.k8s.io', 'v1', 'apiservices', 'APIService', false),
    other('example.com', 'v1', 'widgets', 'Widget'),
    ANALYSIS_RUN,
    CUSTOM_RESOURCE_DEFINITION,
    JOB,
    NAMESPACE,
    POD,
    ANALYSIS_TEMPLATE,
    APPLICATION,
    CLUSTER_ANALYSIS_TEMPLATE,
    CONFIG_MAP,
    DEPLOYMENT,
    INGRESS,
    REPLICA_SET,
    ROLLOUT,
    SERVICE,
  ].map((type) => [type.kind, type]),
);

const MAX_SHOWN = 200;

type Break = Extract<Action, { do: 'break' }>;
type Say = (text: string) => void;

/** How one is undone. */
type Cure = () => Promise<void>;

export class Breakages {
  readonly #world: World;
  #cures: { readonly what: string; readonly cure: Cure }[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** What the API server refuses never was. */
  async make({ what, of: named, change }: Break, say: Say): Promise<void> {
    const of = objectNamed(this.#world, named);
    try {
      const cure = await (this.#inGit(of) ? this.#commit(of, change) : this.#write(of, change));
      if (cure === undefined) return;
      say(`breaks ${of}: ${what}`);
      this.#cures.push({ what, cure });
    } catch (error) {
      if (!isRefused(error)) throw error;
      say(`would break ${of}, and is refused: ${what} (${(error as ApiError).message.slice(0, MAX_SHOWN)})`);
    }
  }

  async mend(say: Say): Promise<void> {
    for (const { what, cure } of this.#cures.splice(0).toReversed()) {
      say(`mends: ${what}`);
      try {
        await cure();
      } catch (error) {
        // Somebody else was faster, or has deleted it.
        if (!isRefused(error) && !isNotFound(error)) throw error;
      }
    }
  }

  // ---- by the API

  async #write(of: string, change: JsonObject | null): Promise<Cure | undefined> {
    const { type, ref } = targetOf(of);
    const person = this.#world.as('person');
    const before = await person.get(type, ref).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (before === undefined) return undefined;
    if (change === null) {
      await person.delete(type, ref);
      return async () => void (await person.create(type, bare(before)));
    }
    const after = await person.patch(type, ref, { type: 'merge', body: change });
    const undo = createMergePatch(bare(after) as never, bare(before) as never);
    if (undo === undefined) return undefined;
    return async () => void (await person.patch(type, ref, { type: 'merge', body: undo }));
  }

  // ---- by a commit

  #inGit(of: string): boolean {
    return this.#world.source === 'git' && !of.startsWith('Application/') && !of.startsWith('ReplicaSet/');
  }

  async #commit(of: string, change: JsonObject | null): Promise<Cure | undefined> {
    const path = fileOf(of);
    const { repository } = this.#world;
    const read = (): string | undefined => {
      const file = repository.filesAt(repository.head())[path];
      return typeof file === 'string' ? file : undefined;
    };
    const before = read();
    const put = async (text: string | undefined): Promise<void> => {
      this.#world.commit(() => repository.change({ [path]: text }));
      await this.#world.refresh();
    };
    if (before === undefined) return undefined;
    const old = JSON.parse(before) as JsonObject;
    if (change === null) {
      await put(undefined);
      return () => put(before);
    }
    const broken = applyMergePatch(old, change) as JsonObject;
    const undo = createMergePatch(broken, old);
    if (undo === undefined) return undefined;
    await put(JSON.stringify(broken));
    return async () => {
      const now = read();
      if (now !== undefined) await put(JSON.stringify(applyMergePatch(JSON.parse(now) as JsonObject, undo)));
    };
  }
}

/** `ReplicaSet/@stable` and `ReplicaSet/@canary` are those of the Rollout by its status; any other name is its own. */
export function objectNamed(world: World, of: string): string {
  if (!of.startsWith('ReplicaSet/@')) return of;
  const { storage } = world.cluster.server;
  const { stableRS, currentPodHash } = (storage.store(ROLLOUT).byKey(KEY)?.['status'] ?? {}) as {
    stableRS?: string;
    currentPodHash?: string;
  };
  const hash = of.endsWith('@stable') ? stableRS : currentPodHash;
  const found = storage
    .store(REPLICA_SET)
    .sorted(SHOP)
    .find(({ metadata }) => hash !== undefined && metadata.labels?.[HASH_LABEL] === hash);
  return `ReplicaSet/${found?.metadata.name ?? 'none'}`;
}

export function targetOf(of: string): { type: ResourceType; ref: ObjectRef } {
  const [kind = '', name = '', namespace = SHOP] = of.split('/');
  const type = TYPES[kind];
  if (type === undefined) throw new Error(`nobody touches a ${kind}`);
  return { type, ref: type.namespaced ? { namespace, name } : { name } };
}

const fileOf = (of: string): string =>
  of.startsWith('Rollout/') ? 'rollout.yaml' : `${of.replace('/', '-')}.yaml`;

/** As a person would write it. */
function bare({ apiVersion, kind, metadata, ...rest }: KubeObject): KubeObject {
  const { name, namespace, labels, annotations } = metadata;
  const { status: _, ...content } = rest;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    ...content,
  };
}

const isRefused = (error: unknown): boolean =>
  error instanceof ApiError && [400, 409, 422].includes(error.code);
