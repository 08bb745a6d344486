/** Keeps the scene: takes happenings in, one after the other, and works out only what somebody asks for. */

import type { Rollout } from '../../../src/api/rollout.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { desiredOf, maxUnavailableOf, maxWeightOf, routingOf, servicesOf, strategyOf } from './facts.ts';
import { at, beside, hashOf, listAt, numberAt, ownerOf, sizeOf, textAt, timeAt } from './read.ts';
import { ROUTING_KINDS, routesOf } from './routes.ts';
import { workloadNamed } from './workload.ts';
import type { Change, Fault, Happening, RolloutScene, Route, Scene, Version } from './types.ts';

/** Without passes: a controller decides within so long of what it saw. */
const DECIDES_WITHIN_MS = 5_000;
/** More of the past than any pass is old. */
const PAST_MS = 10 * 60_000;

interface PodFacts {
  readonly ready: boolean;
  readonly since: number;
  readonly going: boolean;
}

interface Sample {
  readonly at: number;
  readonly ready: number;
  readonly available: number;
}

/** What is kept of one Rollout beside its object. */
class Kept {
  readonly replicaSets = new Set<string>();
  readonly past = new Map<string, Sample[]>();
  readonly desired: { at: number; value: number }[] = [];
  /** By hash, which process made a ReplicaSet smaller at last. */
  readonly shrunk = new Map<string, { by: string; at: number }>();
  /** By hash, when somebody else deleted a ReplicaSet or took it from the Rollout at last, and what it was then. */
  readonly lost = new Map<string, { version: Version; at: number }>();
  scaledToZeroAt = -Infinity;
  lastUserChangeAt = -Infinity;
  meddledAt = -Infinity;
  scene: RolloutScene | undefined;
  routes: readonly Route[] | undefined;
  derivedAt = -Infinity;

  forgetDerived(): void {
    this.scene = undefined;
    this.routes = undefined;
  }
}

const NOTHING: ReadonlyMap<string, KubeObject> = new Map();

export class SceneKeeper implements Scene {
  now = 0;
  quietSince: number | undefined;
  readonly leaders = new Set<string>();
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #rollouts = new Map<string, Kept>();
  readonly #pods = new Map<string, Map<string, PodFacts>>();
  readonly #passes = new Map<number, number>();
  #faults: Fault[] = [];

  take(happening: Happening): void {
    this.now = happening.at;
    switch (happening.what) {
      case 'change':
        this.#change(happening);
        break;
      case 'pass':
        if (happening.state === 'begins') this.#passes.set(happening.id, happening.informedSince);
        // Writes of a pass that ended may still be on the wire, so its number is kept a little longer.
        for (const id of this.#passes.keys()) {
          if (this.#passes.size <= 500) break;
          this.#passes.delete(id);
        }
        break;
      case 'process':
        if (happening.state === 'leads') this.leaders.add(happening.name);
        else if (['follows', 'stops', 'crashes'].includes(happening.state))
          this.leaders.delete(happening.name);
        break;
      case 'fault':
        this.#faults = [...this.#faults.filter(({ until }) => until >= this.now), happening];
        break;
      case 'quiet':
        this.quietSince = happening.at;
        break;
      default:
    }
  }

  get faults(): readonly Fault[] {
    return this.#faults.filter(({ until }) => until >= this.now);
  }

  objects(kind: string): ReadonlyMap<string, KubeObject> {
    return this.#objects.get(kind) ?? NOTHING;
  }

  kinds(): Iterable<string> {
    return this.#objects.keys();
  }

  get(kind: string, key: string): KubeObject | undefined {
    return this.#objects.get(kind)?.get(key);
  }

  *rollouts(): Iterable<RolloutScene> {
    for (const key of this.objects('Rollout').keys()) yield this.rollout(key) as RolloutScene;
  }

  rollout(key: string): RolloutScene | undefined {
    const object = this.get('Rollout', key);
    if (object === undefined) return undefined;
    const kept = this.#kept(key);
    // Availability grows by time alone where pods must be ready for a while.
    const waits = (numberAt(object, 'spec', 'minReadySeconds') ?? 0) > 0;
    if (kept.scene === undefined || (waits && kept.derivedAt !== this.now)) {
      kept.scene = this.#derive(key, object, kept);
      kept.derivedAt = this.now;
      kept.routes = undefined;
    }
    return kept.scene;
  }

  routes(key: string, since = Infinity): readonly Route[] {
    const scene = this.rollout(key);
    if (scene === undefined) return [];
    const kept = this.#kept(key);
    const lost = this.lostSince(key, since);
    if (lost.length > 0) {
      const versions = new Map([
        ...scene.versions,
        ...lost.map((version) => [version.hash, version] as const),
      ]);
      return routesOf({ key, rollout: scene.rollout, versions, objects: this });
    }
    kept.routes ??= routesOf({ key, rollout: scene.rollout, versions: scene.versions, objects: this });
    return kept.routes;
  }

  rolloutOf(kind: string, object: KubeObject): RolloutScene | undefined {
    const key = this.#rolloutKey(kind, object);
    return key === undefined ? undefined : this.rollout(key);
  }

  lostSince(rollout: string, since: number): readonly Version[] {
    const { lost } = this.#kept(rollout);
    if (lost.size === 0) return [];
    const there = this.rollout(rollout)?.versions;
    return [...lost.values()]
      .filter(({ version, at: when }) => when >= since && there?.has(version.hash) !== true)
      .map(({ version }) => version);
  }

  mostReadySince(rollout: string, hash: string, since: number, writes?: string): number {
    return this.#mostSince(rollout, hash, since, 'ready', writes);
  }

  mostAvailableSince(rollout: string, hash: string, since: number): number {
    return this.#mostSince(rollout, hash, since, 'available');
  }

  leastSince(rollout: string, hash: string, since: number, what: 'ready' | 'available'): number {
    const now = this.rollout(rollout)?.versions.get(hash)?.[what] ?? 0;
    return Math.min(now, ...this.#since(rollout, hash, since).map((sample) => sample[what]));
  }

  leastDesiredSince(rollout: string, since: number): number {
    const list = this.#kept(rollout).desired;
    let least = Infinity;
    for (let i = list.length - 1; i >= 0; i--) {
      const { at: when, value } = list[i] as { at: number; value: number };
      // A size below 0 is refused: the one before it stays.
      if (value < 0) continue;
      least = Math.min(least, value);
      // What was written in the very instant may have come too late to be known.
      if (when < since) break;
    }
    if (least === Infinity) return list.at(-1)?.value ?? 0;
    return least;
  }

  meddledAt(rollout: string): number {
    return this.#kept(rollout).meddledAt;
  }

  informedSince(change: Change): number {
    const { pass } = change.actor;
    const known = pass === undefined ? undefined : this.#passes.get(pass);
    return known ?? change.at - DECIDES_WITHIN_MS;
  }

  // ---- taking in

  #kept(key: string): Kept {
    let kept = this.#rollouts.get(key);
    if (kept === undefined) {
      kept = new Kept();
      this.#rollouts.set(key, kept);
    }
    return kept;
  }

  #change(change: Change): void {
    const { kind, key, before, after } = change;
    const about = after ?? before;
    if (about === undefined) return;
    // An owner may have been taken away, or come back.
    const concerned = new Set(
      [before, after].flatMap((object) => (object === undefined ? [] : this.#concerned(kind, key, object))),
    );
    if (kind === 'Pod' || kind === 'ReplicaSet') for (const rollout of concerned) this.#remember(rollout);
    if (kind === 'ReplicaSet' && change.actor.role !== 'sluice') this.#lost(change);
    if (kind !== 'ReplicaSet' && change.actor.role !== 'sluice') this.#templateOfAnother(change);
    this.#put(kind, key, after);
    if (kind === 'Pod' && change.actor.role === 'sluice') this.#taken(key, about, after);
    if (kind === 'Pod') this.#pod(key, about, after);
    if (kind === 'ReplicaSet') this.#replicaSet(key, about, after);
    if (kind === 'Rollout') this.#rollout(change);
    for (const rollout of concerned) {
      const kept = this.#kept(rollout);
      kept.forgetDerived();
      if (ROUTING_KINDS.has(kind) && change.actor.role !== 'sluice') kept.meddledAt = change.at;
      if (kind === 'Pod' || kind === 'ReplicaSet') this.#remember(rollout);
      if (kind === 'ReplicaSet' && sizeOf(after) < sizeOf(before))
        kept.shrunk.set(hashOf(about) ?? '', { by: change.actor.name, at: change.at });
    }
  }

  #put(kind: string, key: string, object: KubeObject | undefined): void {
    let map = this.#objects.get(kind);
    if (map === undefined) {
      map = new Map();
      this.#objects.set(kind, map);
    }
    if (object === undefined) map.delete(key);
    else map.set(key, object);
  }

  /** Keys of the Rollouts whose scene an object of this kind may change. */
  #concerned(kind: string, key: string, object: KubeObject): string[] {
    if (kind === 'Rollout') return [key];
    if (kind === 'Pod' || kind === 'ReplicaSet') {
      const owner = this.#rolloutKey(kind, object);
      return owner === undefined ? [] : [owner];
    }
    return ROUTING_KINDS.has(kind) ? [...this.objects('Rollout').keys()] : [];
  }

  #rolloutKey(kind: string, object: KubeObject): string | undefined {
    const { namespace, name } = object.metadata;
    const key = `${namespace ?? ''}/${name}`;
    if (kind === 'Rollout') return key;
    const owner = ownerOf(object, 'Rollout');
    if (owner !== undefined) return beside(key, owner.name);
    const set = kind === 'Pod' ? ownerOf(object, 'ReplicaSet') : undefined;
    if (set !== undefined) {
      const replicaSet = this.get('ReplicaSet', beside(key, set.name));
      return replicaSet === undefined ? undefined : this.#rolloutKey('ReplicaSet', replicaSet);
    }
    if (kind === 'Service') {
      for (const [rollout, candidate] of this.objects('Rollout'))
        if (beside(rollout, name) === key && Object.values(servicesOf(candidate)).includes(name))
          return rollout;
    }
    return undefined;
  }

  #pod(key: string, about: KubeObject, pod: KubeObject | undefined): void {
    const set = ownerOf(about, 'ReplicaSet');
    if (set === undefined) return;
    const id = beside(key, set.name);
    let pods = this.#pods.get(id);
    if (pods === undefined) {
      pods = new Map();
      this.#pods.set(id, pods);
    }
    if (pod === undefined) {
      pods.delete(key);
      return;
    }
    const condition = listAt(pod, 'status', 'conditions').find((item) => textAt(item, 'type') === 'Ready');
    const phase = textAt(pod, 'status', 'phase');
    pods.set(key, {
      ready: textAt(condition, 'status') === 'True',
      since: timeAt(condition, 'lastTransitionTime') ?? this.now,
      going: pod.metadata.deletionTimestamp !== undefined || phase === 'Failed' || phase === 'Succeeded',
    });
  }

  /** What we take away ourselves we know at once, however old our view is. */
  #taken(key: string, about: KubeObject, after: KubeObject | undefined): void {
    const set = ownerOf(about, 'ReplicaSet');
    if (set === undefined || (after !== undefined && after.metadata.deletionTimestamp === undefined)) return;
    const id = beside(key, set.name);
    const facts = this.#pods.get(id)?.get(key);
    const hash = hashOf(this.get('ReplicaSet', id));
    const owner = this.#rolloutKey('Pod', about);
    if (facts === undefined || facts.going || !facts.ready || hash === undefined || owner === undefined)
      return;
    const past = this.#kept(owner).past.get(hash);
    for (const [i, sample] of past?.entries() ?? [])
      past?.splice(i, 1, {
        at: sample.at,
        ready: Math.max(0, sample.ready - 1),
        available: Math.max(0, sample.available - 1),
      });
  }

  #replicaSet(key: string, about: KubeObject, after: KubeObject | undefined): void {
    const owner = ownerOf(after ?? about, 'Rollout');
    for (const [rollout, kept] of this.#rollouts) {
      if (after !== undefined && owner !== undefined && rollout === beside(key, owner.name)) continue;
      kept.replicaSets.delete(key);
    }
    if (owner !== undefined && after !== undefined) this.#kept(beside(key, owner.name)).replicaSets.add(key);
    if (after === undefined) this.#pods.delete(key);
  }

  #lost({ key, before, after, at: when }: Change): void {
    const [owner, next] = [before, after].map((object) => object && ownerOf(object, 'Rollout'));
    const hash = hashOf(before);
    if (before === undefined || owner === undefined || hash === undefined || next?.uid === owner.uid) return;
    const version = this.#version(key, before, hash);
    this.#kept(beside(key, owner.name)).lost.set(hash, { version, at: when });
  }

  /** Of `spec.workloadRef`, whose template is that of the Rollout. */
  #templateOfAnother({ kind, key, before, after, at: when }: Change): void {
    const template = (object: KubeObject | undefined): string =>
      JSON.stringify(at(object, 'spec', 'template')) ?? '';
    if (before === undefined || template(before) === template(after)) return;
    for (const [rollout, object] of this.objects('Rollout')) {
      const named = workloadNamed(rollout, object);
      if (named?.kind === kind && named.key === key) this.#kept(rollout).lastUserChangeAt = when;
    }
  }

  #rollout({ key, before, after, actor, at: when, subresource }: Change): void {
    const kept = this.#kept(key);
    if (after === undefined) {
      kept.forgetDerived();
      return;
    }
    const desired = desiredOf(after);
    if (kept.desired.at(-1)?.value !== desired || before === undefined) {
      kept.desired.push({ at: when, value: desired });
      if (kept.desired.length > 200) kept.desired.splice(0, 100);
    }
    // What the syncer applies is the user's, by Git.
    const edited = before?.metadata.generation !== after.metadata.generation;
    const defaulted = at(before, 'spec', 'replicas') === undefined;
    if (actor.role === 'sluice' && (!edited || defaulted)) return;
    if (desired === 0) kept.scaledToZeroAt = when;
    if (before === undefined || edited || subresource === 'status') kept.lastUserChangeAt = when;
  }

  // ---- working out

  #derive(key: string, rollout: KubeObject, kept: Kept): RolloutScene {
    return {
      key,
      rollout: rollout as unknown as Rollout,
      desired: desiredOf(rollout),
      maxUnavailable: maxUnavailableOf(rollout),
      strategy: strategyOf(rollout),
      routed: routingOf(rollout) !== undefined,
      max: maxWeightOf(rollout),
      ending: rollout.metadata.deletionTimestamp !== undefined,
      versions: this.#versions(rollout, kept),
      stable: textAt(rollout, 'status', 'stableRS'),
      current: textAt(rollout, 'status', 'currentPodHash'),
      scaledToZeroAt: kept.scaledToZeroAt,
      lastUserChangeAt: kept.lastUserChangeAt,
    };
  }

  #versions(rollout: KubeObject | undefined, kept: Kept): Map<string, Version> {
    const versions = new Map<string, Version>();
    for (const key of kept.replicaSets) {
      const replicaSet = this.get('ReplicaSet', key);
      const hash = hashOf(replicaSet);
      if (replicaSet === undefined || hash === undefined) continue;
      if (rollout !== undefined && ownerOf(replicaSet, 'Rollout')?.uid !== rollout.metadata.uid) continue;
      versions.set(hash, this.#version(key, replicaSet, hash));
    }
    return versions;
  }

  #version(key: string, replicaSet: KubeObject, hash: string): Version {
    const wait = (numberAt(replicaSet, 'spec', 'minReadySeconds') ?? 0) * 1_000;
    let pods = 0;
    let ready = 0;
    let available = 0;
    for (const pod of this.#pods.get(key)?.values() ?? []) {
      if (pod.going) continue;
      pods++;
      if (!pod.ready) continue;
      ready++;
      if (pod.since + wait <= this.now) available++;
    }
    const size = sizeOf(replicaSet);
    const created = timeAt(replicaSet, 'metadata', 'creationTimestamp') ?? this.now;
    return { hash, replicaSet, created, size, pods, ready, available, carrying: Math.min(size, ready) };
  }

  #remember(rollout: string): void {
    const kept = this.#kept(rollout);
    for (const { hash, ready, available } of this.#versions(undefined, kept).values()) {
      const past = kept.past.get(hash) ?? [];
      if (past.length === 0) kept.past.set(hash, past);
      const last = past.at(-1);
      if (last?.ready === ready && last.available === available) continue;
      past.push({ at: this.now, ready, available });
      if (past.length > 500) {
        const keep = past.findIndex((sample) => sample.at > this.now - PAST_MS);
        past.splice(0, Math.max(0, Math.min(keep, past.length - 100) - 1));
      }
    }
  }

  /** With the last one before, which may have lasted until then. */
  #since(rollout: string, hash: string, since: number): readonly Sample[] {
    const past = this.#kept(rollout).past.get(hash) ?? [];
    const before = past.findLastIndex((sample) => sample.at < since);
    return past.slice(Math.max(0, before));
  }

  #mostSince(
    rollout: string,
    hash: string,
    since: number,
    what: 'ready' | 'available',
    writes?: string,
  ): number {
    const version = this.rollout(rollout)?.versions.get(hash);
    // Who does not know that it is gone, or somebody else's, believes in its pods.
    const lost = this.lostSince(rollout, since).find((one) => one.hash === hash);
    if (version === undefined && lost === undefined) return 0;
    const most = Math.max(
      version?.[what] ?? 0,
      ...this.#since(rollout, hash, since).map((sample) => sample[what]),
    );
    const shrunk = this.#kept(rollout).shrunk.get(hash);
    const byAnother =
      writes !== undefined && shrunk !== undefined && shrunk.by !== writes && shrunk.at >= since;
    return byAnother ? most : Math.min(most, version?.size ?? lost?.size ?? 0);
  }
}
