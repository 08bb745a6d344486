/** A cluster in process on virtual time, repositories in memory, and the syncer under the real manager. */

import { customResourceDefinitions } from '../../../src/api/crd.ts';
import type { ApplicationStatus } from '../../../src/api/application.ts';
import type { ControlContext, Controller, Log } from '../../../src/control/controller.ts';
import { Manager } from '../../../src/control/manager.ts';
import { applicationController, type SyncDependencies } from '../../../src/control/sync/index.ts';
import { MemoryGit, type MemoryFiles, type MemoryRepository } from '../../../src/git/memory.ts';
import type { KubeApi, KubeObject, ObjectRef, ResourceType } from '../../../src/kube/api.ts';
import { ApiError } from '../../../src/kube/api.ts';
import { APPLICATION } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { SandboxCluster, VirtualClock } from '../../../src/sandbox/index.ts';

export const URL = 'https://git.example.com/team/app';

export interface Write {
  readonly verb: string;
  readonly kind: string;
  readonly name: string;
}

export class World {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  readonly cluster: SandboxCluster;
  readonly api: KubeApi;
  readonly git = new MemoryGit();
  readonly repository: MemoryRepository;
  /** What the syncer wrote, without dry runs. */
  readonly writes: Write[] = [];
  /** How often it asked for a dry run. */
  dryRuns = 0;
  readonly logs: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  /** Who asked for what, apart from watches: `user verb Kind`; dry runs are `user dry-run Kind`. */
  readonly asked = new Set<string>();
  /** What a user may not do, as RBAC would say. */
  forbids: ((user: string, verb: string, kind: string) => boolean) | undefined;
  /** A kind that the syncer may not list. */
  refuseLists: string | undefined;
  /** What somebody else does just before a patch or apply of the syncer reaches the server. */
  meanwhile: ((type: ResourceType, name: string, dryRun: boolean) => Promise<void>) | undefined;
  #stop = new AbortController();
  #running: Promise<void> | undefined;
  readonly #deps: Partial<SyncDependencies>;
  readonly #others: readonly ((context: ControlContext) => Controller)[];
  /** Throw from here to make a call of the syncer's fail. */
  fault: ((verb: string, type: ResourceType, name: string, dryRun: boolean) => void) | undefined;

  /** `others` run beside the syncer, under the same manager, with the cluster's own controllers. */
  constructor(
    deps: Partial<SyncDependencies> = {},
    others: readonly ((context: ControlContext) => Controller)[] = [],
  ) {
    this.#deps = deps;
    this.#others = others;
    this.cluster = new SandboxCluster({
      clock: this.clock,
      namespaces: ['sluice', 'shop'],
      crds: customResourceDefinitions() as unknown as JsonObject[],
    });
    this.api = this.cluster.api({ name: 'person' });
    this.repository = this.git.repository(URL);
    if (others.length > 0) this.cluster.start();
    this.start();
  }

  start(): void {
    this.#stop = new AbortController();
    const manager = new Manager({
      api: this.#observed('syncer'),
      clock: this.clock,
      random: () => 0.5,
      log: this.#log(),
      controllers: [
        ...this.#others,
        (context) =>
          applicationController(context, {
            api: this.#observed('syncer'),
            impersonate: (user) => this.#observed(user),
            git: this.git,
            ...this.#deps,
          }),
      ],
      instanceId: '',
      ownNamespace: 'sluice',
      watchNamespace: '',
    });
    this.#running = manager.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.clock.advance(60_000);
    await this.#running;
  }

  /** Writes the Application; it's ours by its label. */
  async application(spec: JsonObject = {}, metadata: JsonObject = {}, name = 'app'): Promise<KubeObject> {
    return await this.api.create(APPLICATION, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'sluice', labels: { 'sluice.dev/syncer': 'sluice' }, ...metadata },
      spec: {
        project: 'default',
        source: { repoURL: URL, path: '', targetRevision: 'main' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
        ...spec,
      },
    } as unknown as KubeObject);
  }

  async patchApplication(body: JsonObject, name = 'app'): Promise<void> {
    await this.api.patch(APPLICATION, { namespace: 'sluice', name }, { type: 'merge', body });
  }

  async status(name = 'app'): Promise<ApplicationStatus> {
    const found = await this.api.get(APPLICATION, { namespace: 'sluice', name });
    return (found['status'] ?? {}) as ApplicationStatus;
  }

  /** Sync status, health, phase of the last operation. */
  async summary(name = 'app'): Promise<string> {
    const { sync, health, operationState } = await this.status(name);
    return [sync?.status, health?.status, operationState?.phase].join(' ');
  }

  async conditions(name = 'app'): Promise<string[]> {
    return ((await this.status(name)).conditions ?? []).map(({ type, message }) => `${type}: ${message}`);
  }

  async find(type: ResourceType, name: string, namespace = 'shop'): Promise<KubeObject | undefined> {
    const ref: ObjectRef = type.namespaced ? { namespace, name } : { name };
    try {
      return await this.api.get(type, ref);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  commit(files: MemoryFiles): string {
    return this.repository.commit(files);
  }

  /** Long enough for the next poll (120 s and half of the jitter). */
  async poll(): Promise<void> {
    await this.clock.advance(151_000);
  }

  #observed(user: string): KubeApi {
    const api = this.cluster.api({ name: user });
    const guard = (verb: string, { kind }: ResourceType): void => {
      this.asked.add(`${user} ${verb} ${kind}`);
      if (this.forbids?.(user, verb, kind) === true) {
        const message = `${kind} is forbidden: User "${user}" cannot ${verb}`;
        throw new ApiError({ code: 403, reason: 'Forbidden', message });
      }
    };
    const see = (verb: string, type: ResourceType, name: string, dryRun: boolean | undefined): void => {
      guard(dryRun === true ? 'dry-run' : verb, type);
      this.fault?.(verb, type, name, dryRun === true);
      if (dryRun === true) this.dryRuns += 1;
      else if (type.kind !== 'Event' && type.kind !== 'Lease')
        this.writes.push({ verb, kind: type.kind, name });
    };
    return {
      get: async (type, ref, options) => {
        guard('get', type);
        return await api.get(type, ref, options);
      },
      list: async (type, options) => {
        guard('list', type);
        if (type.kind === this.refuseLists)
          throw new ApiError({ code: 403, reason: 'Forbidden', message: 'forbidden' });
        return await api.list(type, options);
      },
      watch: (type, options) => api.watch(type, options),
      create: async (type, object, options) => {
        see('create', type, object.metadata.name, options?.dryRun);
        return await api.create(type, object, options);
      },
      replace: async (type, object, options) => {
        see('replace', type, object.metadata.name, options?.dryRun);
        return await api.replace(type, object, options);
      },
      patch: async (type, ref, patch, options) => {
        see(patch.type === 'apply' ? 'apply' : 'patch', type, ref.name, options?.dryRun);
        await this.meanwhile?.(type, ref.name, options?.dryRun === true);
        return await api.patch(type, ref, patch, options);
      },
      delete: async (type, ref, options) => {
        see('delete', type, ref.name, options?.dryRun);
        const answer = await api.delete(type, ref, options);
        // In the garbage collector's place: nothing here has dependents.
        if (answer.metadata.finalizers?.includes('foregroundDeletion') === true) {
          await api.patch(type, ref, { type: 'merge', body: { metadata: { finalizers: null } } });
        }
        return answer;
      },
    };
  }

  #log(): Log {
    const at =
      (level: string) =>
      (fields: Readonly<Record<string, unknown>>, message: string): void => {
        this.logs.push({ level, message, fields });
        if (process.env['SHOW_LOG'] === '1') console.error(level, message, fields);
      };
    const log: Log = {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: () => log,
    };
    return log;
  }
}

export const configMap = (name: string, data: Record<string, string> = { a: '1' }, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}data: ${JSON.stringify(data)}\n---\n`;
