/**
 * A very small world for the pure planner: it applies intents at once, pods come up on a virtual clock, and every
 * write is checked against the rules that must hold at any moment. Gives a story that a person can read.
 */

import assert from 'node:assert/strict';
import type { AnalysisRun, AnalysisTemplate } from '../../../src/api/analysis.ts';
import type {
  BlueGreenStrategy,
  CanaryStrategy,
  Rollout,
  RolloutSpec,
  RolloutStatus,
} from '../../../src/api/rollout.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { deepFreeze } from '../../../src/lang/json.ts';
import { applyMergePatch } from '../../../src/lang/patch/merge.ts';
import { formatTime } from '../../../src/lang/time.ts';
import { fencesOf } from '../../../src/plan/rollout/canary/fences.ts';
import type { RolloutIntent, RolloutPlan, RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import { planRollout, WAVES_AFTER_STATUS, WAVES_BEFORE_STATUS } from '../../../src/plan/rollout/index.ts';
import { HASH_LABEL, REVISION } from '../../../src/plan/rollout/names.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';

const START = Date.UTC(2026, 0, 1);
const POD_CREATED_MS = 50;

interface Pod {
  readyAt: number;
}

export interface WorldOptions {
  replicas: number;
  /** One of the two. */
  canary?: CanaryStrategy;
  blueGreen?: BlueGreenStrategy;
  spec?: Partial<RolloutSpec>;
  templates?: AnalysisTemplate[];
  /** Until a pod of this image tag is ready; Infinity: never. */
  readyAfterMs?: (image: string) => number;
  /** Rules that this world breaks by the user's own wish. */
  exempt?: readonly string[];
}

export class World {
  now = START;
  readonly story: string[] = [];
  readonly events: string[] = [];
  readonly writes: Record<string, number> = {};
  passes = 0;
  rollout: Rollout;
  readonly replicaSets = new Map<string, ReplicaSet>();
  readonly #pods = new Map<string, Pod[]>();
  readonly #observed = new Map<string, number>();
  /** What a status still says of pods that were let go of. */
  readonly #stale = new Map<string, { created: number; ready: number }>();
  readonly services = new Map<string, { selector: Record<string, string>; managedBy: string | undefined }>();
  readonly runs = new Map<string, AnalysisRun>();
  route: number | undefined;
  /** Set to make the router refuse its writes. */
  routerError: string | undefined;
  readonly #options: WorldOptions;
  readonly #canary: CanaryStrategy;
  #requeueAt: number | undefined;
  #statusWrittenAt: number | undefined;
  #version = 1;
  #verdictAt: number | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#canary = options.canary ?? {};
    this.rollout = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'demo', namespace: 'shop', uid: 'rollout-uid', generation: 1, resourceVersion: '1' },
      spec: {
        replicas: options.replicas,
        selector: { matchLabels: { app: 'demo' } },
        template: template('v1'),
        strategy:
          options.blueGreen === undefined ? { canary: this.#canary } : { blueGreen: options.blueGreen },
        ...options.spec,
      },
    };
    for (const name of [
      this.#canary.stableService,
      this.#canary.canaryService,
      options.blueGreen?.activeService,
      options.blueGreen?.previewService,
    ]) {
      if (name !== undefined) this.services.set(name, { selector: { app: 'demo' }, managedBy: undefined });
    }
  }

  // ---- what users do

  user(what: string, change: (rollout: Rollout) => void): this {
    this.#say(`> ${what}`);
    const next = structuredClone(this.rollout);
    change(next);
    if (JSON.stringify(next.spec) !== JSON.stringify(this.rollout.spec))
      next.metadata.generation = (next.metadata.generation ?? 0) + 1;
    this.rollout = next;
    this.#requeueAt = this.now;
    return this;
  }

  image = (tag: string, replicas?: number): this =>
    this.user(`image ${tag}${replicas === undefined ? '' : `, ${replicas} replicas`}`, (r) => {
      r.spec.template = template(tag);
      if (replicas !== undefined) r.spec.replicas = replicas;
    });
  scale = (n: number): this => this.user(`scale to ${n}`, (r) => void (r.spec.replicas = n));
  abort = (): this => this.user('abort', (r) => void ((r.status ??= {}).abort = true));
  retry = (): this => this.user('retry', (r) => void ((r.status ??= {}).abort = false));
  promote = (): this => this.user('promote', (r) => void delete (r.status ??= {}).pauseConditions);
  promoteFull = (): this => this.user('promote in full', (r) => void ((r.status ??= {}).promoteFull = true));

  // ---- time

  /** Until nothing more happens before `until` says so (at most `ms`). */
  run(until: (world: World) => boolean, ms = 3_600_000): this {
    const end = this.now + ms;
    let idle = 0;
    while (!until(this)) {
      if (this.#pass()) {
        idle = 0;
        continue;
      }
      const next = Math.min(this.#nextPod(), this.#requeueAt ?? Infinity);
      if (next > end || next === Infinity) {
        assert.ok(until(this), `nothing happens any more; the story so far:\n${this.story.join('\n')}`);
        return this;
      }
      idle = next <= this.now ? idle + 1 : 0;
      assert.ok(idle < 5, `passes without effect at ${this.#clock()}:\n${this.story.join('\n')}`);
      this.now = Math.max(this.now, next);
    }
    return this;
  }

  /** Lets `ms` pass, working on what comes up. */
  wait(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      let guard = 0;
      while (this.#pass()) assert.ok(++guard < 50, 'a settled world is written to without end');
      const next = Math.min(this.#nextPod(), this.#requeueAt ?? Infinity);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.#requeueAt =
        this.#requeueAt !== undefined && this.#requeueAt <= this.now ? undefined : this.#requeueAt;
    }
    this.now = end;
    return this;
  }

  until(phase: string, step?: number): this {
    return this.run(
      (world) =>
        world.rollout.status?.phase === phase &&
        (step === undefined || world.rollout.status.currentStepIndex === step) &&
        world.#settled(),
    );
  }

  // ---- what there is

  status(): RolloutStatus {
    return this.rollout.status ?? {};
  }

  /** Sizes by revision. */
  sizes(): Record<string, number> {
    return Object.fromEntries(
      [...this.replicaSets.values()]
        .sort((a, b) => revision(a) - revision(b))
        .map((rs) => [revision(rs), rs.spec.replicas ?? 0]),
    );
  }

  objectWrites(): number {
    return Object.values(this.writes).reduce((sum, n) => sum + n, 0);
  }

  resetCounts(): this {
    for (const key of Object.keys(this.writes)) delete this.writes[key];
    this.passes = 0;
    this.events.length = 0;
    return this;
  }

  snapshot(failed: RolloutSnapshot['failed'] = []): RolloutSnapshot {
    const canary = this.#canary;
    return deepFreeze(
      structuredClone({
        now: this.now,
        stored: this.rollout as unknown as RolloutSnapshot['stored'],
        rollout: this.rollout,
        issues: [],
        replicaSets: [...this.replicaSets.values()].map((rs) => this.#withStatus(rs)),
        analysisRuns: [...this.runs.values()],
        templates: this.#options.templates ?? [],
        clusterTemplates: [],
        services: Object.fromEntries(
          [...this.services].map(([name, service]) => [name, { name, ...service }]),
        ),
        routes:
          canary.trafficRouting === undefined
            ? []
            : [{ router: 'nginx', weight: this.route, current: this.route !== undefined }],
        references: {},
        statusWrittenAt: this.#statusWrittenAt,
        failed,
      }),
    );
  }

  // ---- the loop

  #settled(): boolean {
    const plan = planRollout(this.snapshot());
    return plan.status === undefined && plan.intents.length === 0;
  }

  #pass(failed: RolloutSnapshot['failed'] = []): boolean {
    this.passes++;
    const plan = planRollout(this.snapshot(failed));
    this.#requeueAt = plan.requeueAt;
    return this.#apply(plan, failed);
  }

  /** Whether anything was written. After a failed write the plan is made again; trying again is left to a resync. */
  #apply(plan: RolloutPlan, failed: RolloutSnapshot['failed']): boolean {
    for (const wave of WAVES_BEFORE_STATUS) {
      for (const intent of plan.intents.filter((item) => item.wave === wave)) {
        if (intent.kind === 'setRoute' && this.routerError !== undefined) {
          const again = this.#pass([
            ...failed,
            { key: intent.key, reason: 'Error', message: this.routerError },
          ]);
          this.#requeueAt = undefined;
          return again;
        }
        this.#write(intent);
      }
    }
    const say = (when: string): void => {
      for (const event of plan.events.filter((item) => item.when === when))
        this.events.push(
          `${event.type === 'Warning' ? 'W ' : ''}${event.reason}: ${this.#named(event.message)}`,
        );
    };
    if (!plan.urgent) say('before');
    if (plan.status !== undefined) this.#writeStatus(plan.status);
    if (plan.urgent) say('before');
    for (const wave of WAVES_AFTER_STATUS)
      for (const intent of plan.intents.filter((item) => item.wave === wave)) this.#write(intent);
    say('after');
    return plan.intents.length > 0 || plan.status !== undefined;
  }

  #writeStatus(status: RolloutStatus): void {
    const before = this.status();
    this.rollout = { ...this.rollout, status: structuredClone(status) };
    this.#statusWrittenAt = this.now;
    this.#count('status');
    const changes: string[] = [];
    const show = (name: string, from: unknown, to: unknown): void => {
      if (JSON.stringify(from) !== JSON.stringify(to)) changes.push(`${name} ${String(to ?? '-')}`);
    };
    show('step', before.currentStepIndex, status.currentStepIndex);
    show('new', this.#rev(before.currentPodHash), this.#rev(status.currentPodHash));
    show('stable', this.#rev(before.stableRS), this.#rev(status.stableRS));
    show('weight', before.canary?.weights?.canary.weight, status.canary?.weights?.canary.weight);
    show('phase', phaseText(before), phaseText(status));
    show('progressing', progressing(before), progressing(status));
    show('duration', before.duration?.completionStatus, status.duration?.completionStatus);
    show('active', this.#rev(before.blueGreen?.activeSelector), this.#rev(status.blueGreen?.activeSelector));
    show(
      'checkpoint',
      before.blueGreen?.scaleUpPreviewCheckPoint,
      status.blueGreen?.scaleUpPreviewCheckPoint,
    );
    for (const run of ['prePromotionAnalysisRunStatus', 'postPromotionAnalysisRunStatus'] as const)
      show(
        run.replace(/Prom.*/, ' analysis'),
        before.blueGreen?.[run]?.status,
        status.blueGreen?.[run]?.status,
      );
    for (const run of ['currentStepAnalysisRunStatus', 'currentBackgroundAnalysisRunStatus'] as const)
      show('analysis', before.canary?.[run]?.status, status.canary?.[run]?.status);
    show(
      'available',
      `${before.availableReplicas ?? 0}/${before.replicas ?? 0}`,
      `${status.availableReplicas ?? 0}/${status.replicas ?? 0}`,
    );
    this.#say(`status: ${changes.join(', ')}`);
    this.#check();
  }

  #write(intent: RolloutIntent): void {
    this.#count(intent.kind);
    switch (intent.kind) {
      case 'patchRolloutMeta':
        if (intent.patch === 'revision') {
          this.rollout.metadata.annotations = {
            ...this.rollout.metadata.annotations,
            [REVISION]: String(intent.revision),
          };
          this.#say(`Rollout is revision ${intent.revision}`);
        } else if (intent.patch === 'replicas') {
          this.rollout.spec.replicas = intent.replicas;
        }
        break;
      case 'createReplicaSet': {
        const rs = structuredClone(intent.object);
        const { name } = rs.metadata;
        assert.ok(!this.replicaSets.has(name), `${name} is created twice`);
        rs.metadata = {
          ...rs.metadata,
          uid: `uid-${name}`,
          generation: 1,
          resourceVersion: String(this.#version++),
          creationTimestamp: formatTime(this.now),
        };
        this.replicaSets.set(name, rs);
        this.#resize(name, 0, rs.spec.replicas ?? 0);
        this.#say(`create ${this.#rsName(rs)} with ${rs.spec.replicas} pods`);
        break;
      }
      case 'scaleReplicaSet': {
        const rs = this.#edit(intent.target.name, intent.annotations);
        assert.equal(rs.spec.replicas, intent.from);
        const before = this.#allAvailable();
        rs.spec.replicas = intent.to;
        this.#resize(intent.target.name, intent.from, intent.to);
        this.#say(`scale ${this.#rsName(rs)} from ${intent.from} to ${intent.to}`);
        this.#checkAvailable(before);
        break;
      }
      case 'annotateReplicaSet': {
        const rs = this.#edit(intent.target.name, intent.annotations);
        if (intent.minReadySeconds !== undefined) rs.spec.minReadySeconds = intent.minReadySeconds;
        const shown = Object.entries(intent.annotations)
          .map(([key, value]) => `${key.replace(/^.*\//, '')}=${value?.replace(/^.*T/, '') ?? '-'}`)
          .filter((text) => !text.startsWith('scale-down-deadline') || text.endsWith('-'))
          .join(' ');
        this.#say(
          `annotate ${this.#rsName(rs)}: ${'scale-down-deadline' in intent.annotations && intent.annotations['scale-down-deadline'] !== null ? 'scale-down deadline' : shown}`,
        );
        break;
      }
      case 'deleteReplicaSet':
        this.#say(`delete ${this.#rsName(this.#rs(intent.target.name))}`);
        this.replicaSets.delete(intent.target.name);
        this.#pods.delete(intent.target.name);
        break;
      case 'setServiceSelector': {
        const service = this.services.get(intent.service);
        assert.ok(service !== undefined);
        this.#checkActive(intent.service, intent.hash);
        service.selector = { ...service.selector, [HASH_LABEL]: intent.hash };
        service.managedBy = 'demo';
        this.#say(`Service ${intent.service} selects ${this.#rev(intent.hash)}`);
        break;
      }
      case 'setRoute':
        this.#say(`route: canary ${intent.weight} of ${intent.max}`);
        if (!this.#exempt('1')) this.#checkRaise(intent.weight, intent.max);
        this.route = intent.weight;
        break;
      case 'createAnalysisRun': {
        const run = structuredClone(intent.object) as unknown as AnalysisRun;
        run.metadata.creationTimestamp = formatTime(this.now);
        run.metadata.uid = `uid-${run.metadata.name}`;
        assert.ok(!this.runs.has(run.metadata.name));
        this.runs.set(run.metadata.name, run);
        this.#say(`start AnalysisRun ${this.#named(run.metadata.name)}`);
        break;
      }
      case 'terminateAnalysisRun': {
        const run = this.runs.get(intent.target.name);
        assert.ok(run !== undefined);
        run.spec.terminate = true;
        run.status = { phase: 'Successful', message: 'Run Terminated' };
        this.#say(`end AnalysisRun ${this.#named(run.metadata.name)}`);
        break;
      }
      case 'deleteAnalysisRun':
        this.runs.delete(intent.target.name);
        this.#say(`delete AnalysisRun ${this.#named(intent.target.name)}`);
        break;
      case 'adoptReplicaSet': {
        const rs = this.#rs(intent.target.name);
        rs.metadata.ownerReferences = [
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'Rollout',
            name: 'demo',
            uid: 'rollout-uid',
            controller: true,
          },
        ];
        this.#say(`adopt ${this.#rsName(rs)}`);
        break;
      }
      case 'releaseReplicaSet':
        this.#rs(intent.target.name).metadata.ownerReferences = [];
        this.#say(`release ${intent.target.name}`);
        break;
    }
    this.#check();
  }

  /** Sets the outcome of the newest run that is under way. */
  finishRun(phase: string, message?: string): this {
    const run = [...this.runs.values()].at(-1);
    assert.ok(run !== undefined);
    run.status = { phase, ...(message === undefined ? {} : { message }) };
    this.#say(`AnalysisRun ${this.#named(run.metadata.name)} is ${phase}`);
    this.#requeueAt = this.now;
    return this;
  }

  // ---- pods

  #resize(name: string, from: number, to: number): void {
    const pods = this.#pods.get(name) ?? [];
    if (to < from) {
      this.#stale.set(name, { created: pods.length, ready: this.available(name) });
      pods.sort((a, b) => a.readyAt - b.readyAt).splice(Math.max(0, to));
    } else {
      const after = this.#options.readyAfterMs?.(this.#tag(this.#rs(name))) ?? 1_500;
      for (let i = pods.length; i < to; i++) pods.push({ readyAt: this.now + after });
    }
    this.#pods.set(name, pods);
    this.#observed.set(name, this.now + POD_CREATED_MS);
  }

  /** Pods of a version die and are made anew. */
  kill(rev: number, count: number): this {
    for (const rs of this.replicaSets.values()) {
      if (revision(rs) !== rev) continue;
      const pods = this.#pods.get(rs.metadata.name) ?? [];
      pods.slice(0, count).forEach((pod) => (pod.readyAt = this.now + 1_500));
    }
    this.#say(`${count} pods of v${rev} die`);
    return this;
  }

  available(name: string): number {
    return (this.#pods.get(name) ?? []).filter((pod) => pod.readyAt <= this.now).length;
  }

  #withStatus(rs: ReplicaSet): ReplicaSet {
    const { name, generation = 1 } = rs.metadata;
    const pods = this.#pods.get(name) ?? [];
    const observed = (this.#observed.get(name) ?? 0) <= this.now;
    if (observed) this.#stale.delete(name);
    const stale = this.#stale.get(name);
    const created = stale?.created ?? (observed ? pods.length : 0);
    const ready = stale?.ready ?? this.available(name);
    return {
      ...rs,
      status: {
        replicas: Math.max(created, ready),
        readyReplicas: ready,
        availableReplicas: ready,
        observedGeneration: generation,
      },
    };
  }

  #nextPod(): number {
    const times = [
      ...[...this.#pods.values()].flat().map((pod) => pod.readyAt),
      ...this.#observed.values(),
    ].filter((at) => at > this.now && at < Infinity);
    return times.length === 0 ? Infinity : Math.min(...times);
  }

  #allAvailable(): number {
    return [...this.#pods.keys()].reduce((sum, name) => sum + this.available(name), 0);
  }

  // ---- rules

  /** Rule 5: not below what maxUnavailable allows, through our doing. */
  #checkAvailable(before: number): void {
    const n = this.rollout.spec.replicas ?? 1;
    const canary = this.#canary;
    const unavailable =
      canary.trafficRouting === undefined ? Math.min(fencesOf(canary, n).unavailable, n - 1) : 0;
    const least = Math.min(before, n - Math.max(0, unavailable));
    const after = this.#allAvailable();
    assert.ok(
      after >= least,
      `rule 5: ${after} available, ${least} needed\n${this.story.slice(-12).join('\n')}`,
    );
  }

  /** Rule 2, blue-green: the active Service never goes to a version without an available pod. */
  #checkActive(service: string, hash: string): void {
    if (service !== this.#options.blueGreen?.activeService || (this.rollout.spec.replicas ?? 1) === 0) return;
    const rs = [...this.replicaSets.values()].find((item) => item.metadata.labels?.[HASH_LABEL] === hash);
    assert.ok(
      rs !== undefined && this.available(rs.metadata.name) > 0,
      `rule 2: Service ${service} goes to a version without pods\n${this.story.slice(-12).join('\n')}`,
    );
  }

  readonly #exempt = (rule: string): boolean => this.#options.exempt?.includes(rule) ?? false;

  #check(): void {
    const canary = this.#canary;
    const n = this.rollout.spec.replicas ?? 1;
    const routed = canary.trafficRouting !== undefined;
    const sizes = [...this.replicaSets.values()].map((rs) => rs.spec.replicas ?? 0);
    const total = sizes.reduce((a, b) => a + b, 0);
    const context = (): string => `\n${this.story.slice(-12).join('\n')}`;
    const { blueGreen } = this.#options;
    if (!routed && blueGreen === undefined && this.#scaledAt !== n) {
      const fences = fencesOf(canary, n);
      const most = n + Math.max(fences.surge, n === 1 ? 1 : fences.surge);
      assert.ok(total <= most, `surge: ${total} pods asked for, ${most} allowed${context()}`);
    }
    if (total <= n) this.#scaledAt = undefined;
    for (const [name, service] of this.services) {
      const hash = service.selector[HASH_LABEL];
      // Without any pod a user has scaled to 0, and not yet back.
      if (hash === undefined || n === 0 || total === 0) continue;
      const rs = [...this.replicaSets.values()].find((item) => item.metadata.labels?.[HASH_LABEL] === hash);
      if (rs === undefined) assert.fail(`rule 2: Service ${name} selects nothing${context()}`);
      const isPreview = blueGreen !== undefined && name === blueGreen.previewService;
      const weight = isPreview ? 0 : name === canary.canaryService && routed ? (this.route ?? 0) : 1;
      if (weight > 0 && !this.#dying)
        assert.ok((rs.spec.replicas ?? 0) > 0, `rule 2: Service ${name} is empty${context()}`);
    }
    const weights = this.status().canary?.weights;
    if (weights !== undefined) {
      const max = canary.trafficRouting?.maxTrafficWeight ?? 100;
      assert.equal(weights.canary.weight + weights.stable.weight, max, `rule 4${context()}`);
      assert.ok(weights.canary.weight >= 0 && weights.canary.weight <= max, `rule 4${context()}`);
    }
    if (this.rollout.status?.abort === true && this.#verdictAt === undefined) this.#verdictAt = this.now;
  }

  #scaledAt: number | undefined;
  #dying = false;
  /** From here on the number of replicas is another one: the fences count again when it is reached. */
  scaled(): this {
    this.#scaledAt = this.rollout.spec.replicas ?? 1;
    return this;
  }

  /** Rule 1: never raised above the share that is available. */
  #checkRaise(weight: number, max: number): void {
    if (this.route === undefined || weight <= this.route) return;
    const n = this.rollout.spec.replicas ?? 1;
    const hash = this.status().currentPodHash;
    const rs = [...this.replicaSets.values()].find((item) => item.metadata.labels?.[HASH_LABEL] === hash);
    const available = rs === undefined ? 0 : this.available(rs.metadata.name);
    assert.ok(
      available * max >= weight * n,
      `rule 1: weight ${weight} with ${available} of ${n} pods\n${this.story.slice(-12).join('\n')}`,
    );
  }

  // ---- words

  #clock(): string {
    const ms = this.now - START;
    return `${part(ms / 3_600_000, 2)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
  }

  #say(text: string): void {
    this.story.push(`${this.#clock()}  ${this.#named(text)}`);
  }

  #count(kind: string): void {
    this.writes[kind] = (this.writes[kind] ?? 0) + 1;
  }

  #rs(name: string): ReplicaSet {
    const rs = this.replicaSets.get(name);
    assert.ok(rs !== undefined, `there is no ReplicaSet ${name}`);
    return rs;
  }

  #edit(name: string, annotations: Readonly<Record<string, string | null>>): ReplicaSet {
    const rs = this.#rs(name);
    const patched = applyMergePatch(rs as unknown as JsonObject, { metadata: { annotations } });
    const next = patched as unknown as ReplicaSet;
    next.metadata.generation = (next.metadata.generation ?? 1) + 1;
    next.metadata.resourceVersion = String(this.#version++);
    next.spec = { ...next.spec };
    this.replicaSets.set(name, next);
    return next;
  }

  #tag(rs: ReplicaSet): string {
    const spec = rs.spec.template['spec'] as { containers: { image: string }[] };
    return spec.containers[0]?.image.replace(/^.*:/, '') ?? '';
  }

  readonly #rsName = (rs: ReplicaSet): string => this.#tag(rs);

  /** Hashes say nothing to a reader; the image does. */
  #rev(hash: string | undefined): string | undefined {
    if (hash === undefined || hash === '') return undefined;
    const rs = [...this.replicaSets.values()].find((item) => item.metadata.labels?.[HASH_LABEL] === hash);
    return rs === undefined ? 'v?' : this.#tag(rs);
  }

  #named(text: string): string {
    let named = text;
    for (const rs of this.replicaSets.values()) {
      const hash = rs.metadata.labels?.[HASH_LABEL] ?? '';
      named = named.replaceAll(hash, this.#tag(rs));
    }
    return named;
  }
}

const part = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, '0');

export function template(tag: string): JsonObject {
  return {
    metadata: { labels: { app: 'demo' } },
    spec: { containers: [{ name: 'app', image: `example.com/app:${tag}` }] },
  };
}

const revision = (rs: ReplicaSet): number => Number(rs.metadata.annotations?.[REVISION] ?? 0);

function phaseText(status: RolloutStatus): string | undefined {
  if (status.phase === undefined) return undefined;
  return status.message ? `${status.phase} (${status.message})` : status.phase;
}

function progressing(status: RolloutStatus): string | undefined {
  return status.conditions?.find((condition) => condition.type === 'Progressing')?.reason;
}
