/**
 * The whole system of one history in one process on virtual time. Everything that happens goes through `tell`, in
 * order: that is what the rules see and what the story is written from.
 */

import { customResourceDefinitions } from '../../src/api/crd.ts';
import { MemoryGit, type MemoryRepository } from '../../src/git/memory.ts';
import type { KubeApi, KubeObject, ObjectRef } from '../../src/kube/api.ts';
import { keyOf } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { APPLICATION, INGRESS } from '../../src/kube/kinds.ts';
import { HASH_LABEL } from '../../src/plan/rollout/names.ts';
import { type Router, ROUTERS } from '../../src/routers/index.ts';
import { SandboxCluster, VirtualClock } from '../../src/sandbox/index.ts';
import { seededRandom } from '../../src/sandbox/random.ts';
import { Backend } from './backend.ts';
import { Breakages } from './breakages.ts';
import { type Client, Clients } from './clients.ts';
import { DataPlane } from './data-plane.ts';
import { FaultDesk } from './faults.ts';
import type { Setup } from './history.ts';
import { NAME, REPOSITORY, SHOP, tagOf } from './manifests.ts';
import type { Actor, Happening, Measurement } from './rules/types.ts';
import { currentPass, OWN_NAMESPACE, SluiceProcess, type Surroundings } from './sluice-process.ts';

export const START = Date.UTC(2026, 0, 1);
/** As a kubelet that restarts a container that has ended. */
const RESTART_MS = 5_000;
const TRAFFIC_MS = 2_000;
/** Once nothing goes wrong any more, a request now and then shows as much. */
const CALM_TRAFFIC_MS = 10_000;

const DEFINITIONS = customResourceDefinitions() as unknown as JsonObject[];
const OPEN_DEFINITIONS = DEFINITIONS.map(opened);

type ServerWrite = 'create' | 'replace' | 'patch' | 'delete';

export class World {
  readonly clock = new VirtualClock(START);
  readonly cluster: SandboxCluster;
  readonly git = new MemoryGit();
  readonly desk = new FaultDesk(this.clock);
  readonly backend: Backend;
  readonly processes: SluiceProcess[] = [];
  readonly clients: Client[] = [];
  source: Setup['source'] = 'rollout';
  commits = 0;
  /** Where the second Application stands. */
  side: ObjectRef | undefined;
  isCalm = false;
  /** Versions by their pod-template hash, also of those that are gone. */
  readonly tags = new Map<string, string>();
  readonly breakages = new Breakages(this);
  readonly plane: DataPlane;
  /** Those that processes drive, and people see; undefined: as they are. */
  readonly routers: readonly Router[] | undefined;
  readonly #tell: (happening: Happening) => void;
  readonly #seed: number;
  readonly #setup: Pick<Setup, 'crds' | 'flags' | 'router'>;
  readonly #traffic: Clients;
  readonly #revisions: { at: number; revision: number }[] = [];
  readonly #apis = new Map<string, KubeApi>();
  readonly #starts = new Map<string, number>();
  #hasLease = true;
  #passes = 0;
  #writer: { name: string; subresource: string | undefined } | undefined;
  #over = false;

  constructor(
    seed: number,
    tell: (happening: Happening) => void,
    setup: Pick<Setup, 'crds' | 'flags' | 'router'> = {},
  ) {
    this.#seed = seed;
    this.#setup = setup;
    this.plane = new DataPlane(this.clock, setup.router?.confirms);
    this.routers = setup.router === undefined ? undefined : [...ROUTERS, this.plane.router()];
    this.#tell = tell;
    this.cluster = new SandboxCluster({
      clock: this.clock,
      random: seededRandom(seed),
      namespaces: [OWN_NAMESPACE, SHOP],
      crds: setup.crds === 'open' ? OPEN_DEFINITIONS : DEFINITIONS,
      recordEvents: false,
    });
    this.#traffic = new Clients(this.cluster.server);
    this.backend = new Backend(
      (hash) => this.truthOf(hash),
      (measured) => this.tell({ what: 'measurement', at: this.clock.now(), ...measured }),
      () => this.clock.now(),
    );
    this.#followWrites();
    this.cluster.start();
  }

  tell(happening: Happening): void {
    if (!this.#over) this.#tell(happening);
  }

  /** Nothing of it runs any more. */
  end(): void {
    this.#over = true;
    for (const process of this.processes) process.crash();
    this.cluster.stop();
  }

  truthOf(hash: string): Measurement['truth'] {
    const tag = this.tags.get(hash);
    if (tag === undefined) return 'unknown';
    return tag.startsWith('worse') ? 'bad' : 'good';
  }

  // ---- Git

  get repository(): MemoryRepository {
    return this.git.repository(REPOSITORY);
  }

  /** A person's commit. */
  commit(make: () => string): void {
    const sha = make();
    this.commits++;
    this.tell({ what: 'commit', at: this.clock.now(), by: 'person', repository: REPOSITORY, sha });
  }

  /** What a webhook of the repository does. */
  async refresh(): Promise<void> {
    const body = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
    await this.as('person').patch(
      APPLICATION,
      { namespace: OWN_NAMESPACE, name: NAME },
      { type: 'merge', body },
    );
  }

  // ---- who writes

  /** Somebody's client. */
  as(name: string): KubeApi {
    let api = this.#apis.get(name);
    if (api === undefined) {
      api = this.cluster.api({ name, groups: ['system:masters'] });
      this.#apis.set(name, api);
    }
    return api;
  }

  #followWrites(): void {
    const { server } = this.cluster;
    for (const verb of ['create', 'replace', 'patch', 'delete'] as const) this.#attribute(verb);
    server.storage.onChange((change, type) => {
      const at = this.clock.now();
      this.#revisions.push({ at, revision: change.revision });
      const gone = change.type === 'DELETED';
      if (type.kind === 'Ingress' && change.type === 'ADDED') this.#giveAddress(change.object);
      if (type.kind === 'ReplicaSet' && change.type === 'ADDED')
        this.tags.set(change.object.metadata.labels?.[HASH_LABEL] ?? '', tagOf(change.object));
      this.tell({
        what: 'change',
        at,
        actor: actorOf(this.#writer?.name),
        verb: gone ? 'delete' : change.type === 'ADDED' ? 'create' : 'update',
        kind: type.kind,
        key: keyOf(change.object.metadata),
        subresource: this.#writer?.subresource,
        before: change.before,
        after: gone ? undefined : change.object,
      });
    });
  }

  /** What an ingress controller does; without an address an Ingress counts as Progressing. */
  #giveAddress({ metadata }: KubeObject): void {
    const body = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } };
    this.clock.setTimer(500, () => {
      this.as('ingress-nginx')
        .patch(INGRESS, metadata, { type: 'merge', body }, { subresource: 'status' })
        .catch(() => {});
    });
  }

  /** The server's verbs are synchronous, so what changes while one runs is its caller's doing (an eviction deletes). */
  #attribute(verb: ServerWrite): void {
    const { server } = this.cluster;
    const original = server[verb].bind(server) as (...args: unknown[]) => KubeObject;
    const attributed = (...args: unknown[]): KubeObject => {
      const request = args.at(-1) as { user?: { name: string } } | undefined;
      const options = args.at(-2) as { subresource?: string } | undefined;
      const before = this.#writer;
      this.#writer ??= { name: request?.user?.name ?? '', subresource: options?.subresource };
      try {
        return original(...args);
      } finally {
        this.#writer = before;
      }
    };
    Object.assign(server, { [verb]: attributed });
  }

  #revisionAt(at: number): number {
    const list = this.#revisions;
    let index = list.length - 1;
    while (index >= 0 && (list[index] as { at: number }).at > at) index--;
    return list[index]?.revision ?? 1;
  }

  // ---- processes

  /** `a`, `b`: each comes back whenever it ends. */
  startProcesses(count: 1 | 2): void {
    this.#hasLease = count > 1;
    for (const slot of ['a', 'b'].slice(0, count)) this.#start(slot);
  }

  #start(slot: string): void {
    if (this.#over) return;
    const nth = (this.#starts.get(slot) ?? 0) + 1;
    this.#starts.set(slot, nth);
    const again = (afterMs: number): void => {
      this.clock.setTimer(afterMs, () => this.#start(slot));
    };
    const around: Surroundings = {
      clock: this.clock,
      cluster: this.cluster,
      git: this.git,
      backend: this.backend,
      desk: this.desk,
      flags: this.#setup.flags ?? {},
      routers: this.routers,
      emit: (happening) => this.tell(happening),
      nextPass: () => ++this.#passes,
      revisionAt: (at) => this.#revisionAt(at),
      onExit: () => again(RESTART_MS),
      onCrash: (_, backAfterMs) => again(backAfterMs),
    };
    const seed = this.#seed * 31 + nth * 7 + slot.charCodeAt(0);
    const index = this.processes.findIndex(({ name }) => name.startsWith(slot));
    const process = new SluiceProcess(`${slot}${nth}`, seed, this.#hasLease, around);
    if (index < 0) this.processes.push(process);
    else this.processes[index] = process;
  }

  /** The one that holds the lease by the API server's account, or the only one. */
  leader(): SluiceProcess | undefined {
    if (!this.#hasLease) return this.processes[0];
    const lease = this.cluster.server.storage
      .store({
        group: 'coordination.k8s.io',
        version: 'v1',
        plural: 'leases',
        kind: 'Lease',
        namespaced: true,
      })
      .get({ namespace: OWN_NAMESPACE, name: 'sluice-controller' });
    const holder = (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity;
    return this.processes.find(({ name }) => name === holder);
  }

  crash(process: SluiceProcess, backAfterMs: number): void {
    if (process.isGone) return;
    process.crash();
    const slot = process.name.slice(0, 1);
    this.clock.setTimer(backAfterMs, () => this.#start(slot));
  }

  // ---- clients

  startClients(clients: readonly Client[]): void {
    this.clients.push(...clients);
    const tick = (): void => {
      if (this.#over) return;
      for (const traffic of this.#traffic.send(this.clients, this.clock.now())) this.tell(traffic);
      this.clock.setTimer(this.isCalm ? CALM_TRAFFIC_MS : TRAFFIC_MS, tick);
    };
    this.clock.setTimer(TRAFFIC_MS, tick);
  }
}

/** The same definition without an opinion about what stands in spec and status; a scale would have one about sizes. */
function opened(definition: JsonObject): JsonObject {
  const spec = definition['spec'] as JsonObject & { versions: JsonObject[] };
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const versions = spec.versions.map(({ subresources, ...version }) => ({
    ...version,
    schema: { openAPIV3Schema: anything },
    ...(subresources === undefined ? {} : { subresources: { status: {} } }),
  }));
  return { ...definition, spec: { ...spec, versions } };
}

function actorOf(name: string | undefined): Actor {
  if (name === undefined || name === '') return { role: 'kubernetes', name: 'kubernetes' };
  const slash = name.indexOf('/');
  if (name.startsWith('sluice/'))
    return { role: 'sluice', name: name.slice(slash + 1), pass: currentPass()?.id };
  if (name === 'person' || name === 'hpa' || name === 'meddler') return { role: name, name };
  return { role: 'kubernetes', name };
}
