/**
 * The world of a rehearsal (src/plan/rehearsal) as tests use it: people act in it, every write is checked against the
 * rules that must hold at any moment, and it gives a story that a person can read.
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
import type { RouteState } from '../../../src/plan/rehearsal/routes.ts';
import { intentText } from '../../../src/plan/rehearsal/words.ts';
import { RehearsalWorld } from '../../../src/plan/rehearsal/world.ts';
import { assertTrue } from '../why/truth.ts';
import { fencesOf } from '../../../src/plan/rollout/canary/fences.ts';
import type { RolloutIntent, RolloutPlan, RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import { planRollout, WAVES_AFTER_STATUS, WAVES_BEFORE_STATUS } from '../../../src/plan/rollout/index.ts';
import type { RoutesWanted } from '../../../src/plan/rollout/intents.ts';
import { HASH_LABEL, REVISION } from '../../../src/plan/rollout/names.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import type { RouteView } from '../../../src/plan/rollout/snapshot.ts';

/** A router that can do all that there is (test/routers/recorder.ts is the one for clusters). */
export const RECORDER = 'test/recorder';

const START = Date.UTC(2026, 0, 1);

export interface WorldOptions {
  replicas: number;
  /** One of the two. */
  canary?: CanaryStrategy;
  blueGreen?: BlueGreenStrategy;
  spec?: Partial<RolloutSpec>;
  templates?: AnalysisTemplate[];
  /** Until a pod of this image tag is ready; Infinity: never. */
  readyAfterMs?: (image: string) => number;
  /** How long the recorder takes to confirm a weight; Infinity: it never does. Undefined: it can't be asked. */
  confirmsAfterMs?: number;
  /** Rules that this world breaks by the user's own wish. */
  exempt?: readonly string[];
}

export class World extends RehearsalWorld {
  readonly story: string[] = [];
  readonly events: string[] = [];
  readonly writes: Record<string, number> = {};
  passes = 0;
  /** What the router sends to the canary. */
  get route(): number | undefined {
    return this.#routeState?.view.weight;
  }
  /** That many of the next writes of the router are answered, and lost. */
  routeWritesToLose = 0;
  /** Set to make the router refuse its writes. */
  routerError: string | undefined;
  readonly #options: WorldOptions;
  readonly #canary: CanaryStrategy;
  #requeueAt: number | undefined;
  #verdictAt: number | undefined;

  constructor(options: WorldOptions) {
    super(start(options), {
      readyAfterMs: (rs) => options.readyAfterMs?.(tagOf(rs)) ?? 1_500,
    });
    this.#options = options;
    this.#canary = options.canary ?? {};
  }

  // ---- what users do

  user(what: string, change: (rollout: Rollout) => void): this {
    this.#say(`> ${what}`);
    this.edit(change);
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
      const next = Math.min(this.nextChange(), this.#requeueAt ?? Infinity);
      if (next > end || next === Infinity) {
        assert.ok(until(this), `nothing happens any more; the story so far:\n${this.story.join('\n')}`);
        return this;
      }
      idle = next <= this.now ? idle + 1 : 0;
      assert.ok(idle < 5, `passes without effect at ${this.#clock()}:\n${this.story.join('\n')}`);
      if (next > this.now) assertTrue(this.snapshot());
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
      const next = Math.min(this.nextChange(), this.#requeueAt ?? Infinity);
      if (next > this.now) assertTrue(this.snapshot());
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
        this.write(intent);
      }
    }
    const say = (when: string): void => {
      for (const event of plan.events.filter((item) => item.when === when))
        this.events.push(
          `${event.type === 'Warning' ? 'W ' : ''}${event.reason}: ${this.#named(event.message)}`,
        );
    };
    if (!plan.urgent) say('before');
    if (plan.status !== undefined) this.writeStatus(plan.status);
    if (plan.urgent) say('before');
    for (const wave of WAVES_AFTER_STATUS)
      for (const intent of plan.intents.filter((item) => item.wave === wave)) this.write(intent);
    say('after');
    return plan.intents.length > 0 || plan.status !== undefined;
  }

  override writeStatus(status: RolloutStatus): void {
    const before = this.status();
    super.writeStatus(status);
    this.#count('status');
    const changes: string[] = [];
    const show = (name: string, from: unknown, to: unknown): void => {
      if (JSON.stringify(from) !== JSON.stringify(to)) changes.push(`${name} ${String(to ?? '-')}`);
    };
    show('step', before.currentStepIndex, status.currentStepIndex);
    show('new', this.#rev(before.currentPodHash), this.#rev(status.currentPodHash));
    show('stable', this.#rev(before.stableRS), this.#rev(status.stableRS));
    show('ping-pong', before.canary?.stablePingPong, status.canary?.stablePingPong);
    show('verified', before.canary?.weights?.verified, status.canary?.weights?.verified);
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

  override write(intent: RolloutIntent): void {
    this.#count(intent.kind);
    if (intent.kind === 'setServiceSelector') this.#checkActive(intent.service, intent.hash);
    if (intent.kind === 'deleteReplicaSet') this.#tell(intent);
    const before = this.#allAvailable();
    if (intent.kind === 'setRoute') this.#writeRoute(intent);
    else super.write(intent);
    if (intent.kind !== 'deleteReplicaSet') this.#tell(intent);
    if (intent.kind === 'scaleReplicaSet' && this.#isCounted(intent.target.name))
      this.#checkAvailable(before);
    this.#check();
  }

  #tell(intent: RolloutIntent): void {
    const text = intentText(intent, {
      version: (hash) => this.#rev(hash) ?? '-',
      replicaSet: (name) => {
        const rs = this.replicaSets.get(name);
        return rs === undefined ? name : tagOf(rs);
      },
    });
    if (text !== undefined) this.#say(text);
  }

  /** Gives the newest run a status, and its name back. */
  setRun(status: AnalysisRun['status']): string {
    const run = [...this.runs.values()].at(-1);
    assert.ok(run !== undefined);
    this.runs.set(run.metadata.name, { ...run, status });
    return run.metadata.name;
  }

  /** Sets the outcome of the newest run that is under way. */
  finishRun(phase: string, message?: string): this {
    const name = this.setRun({ phase, ...(message === undefined ? {} : { message }) });
    this.#say(`AnalysisRun ${this.#named(name)} is ${phase}`);
    this.#requeueAt = this.now;
    return this;
  }

  /** Someone sets `spec.terminate` of the last run, and its controller ends it without a word about the version. */
  terminateRun(): this {
    const run = [...this.runs.values()].at(-1);
    assert.ok(run !== undefined);
    this.runs.set(run.metadata.name, { ...run, spec: { ...run.spec, terminate: true } });
    return this.finishRun('Successful', 'Run Terminated');
  }

  // ---- the router

  /** Somebody else writes to it. */
  rewriteRoute(change: Partial<RouteView>): this {
    const state = this.#routeState;
    assert.ok(state !== undefined);
    this.routes.set(state.view.router, { ...state, view: { ...state.view, ...change } });
    this.#foreign = true;
    this.#say(`somebody writes the route: ${JSON.stringify(change)}`);
    this.#requeueAt = this.now;
    return this;
  }

  get #routeState(): RouteState | undefined {
    return [...this.routes.values()][0];
  }

  protected override routeView(state: RouteState): RouteView {
    const view = super.routeView(state);
    if (view.confirms !== true) return view;
    return { ...view, verified: this.now >= this.#routedAt + (this.#options.confirmsAfterMs ?? 0) };
  }

  /** What the router has is not ours. */
  #foreign = false;
  /** Since when the router has its weight. */
  #routedAt = -Infinity;

  #writeRoute(intent: RolloutIntent & { kind: 'setRoute' }): void {
    this.#checkRoute(intent);
    if (this.routeWritesToLose > 0) {
      this.routeWritesToLose--;
      this.#say('that write is lost');
      return;
    }
    this.#foreign = false;
    if (intent.weight !== this.route) this.#routedAt = this.now;
    super.write(intent);
  }

  // ---- pods

  /** Pods of a version die and are made anew. */
  kill(rev: number, count: number, backAfterMs = 1_500): this {
    for (const rs of this.replicaSets.values()) {
      if (revision(rs) !== rev) continue;
      this.pods.replace(rs, (_, i) => i < count, this.now, this.now + backAfterMs);
    }
    this.#say(`${count} pods of v${rev} die`);
    return this;
  }

  #allAvailable(): number {
    return [...this.replicaSets.keys()].reduce((sum, name) => sum + this.available(name), 0);
  }

  // ---- rules

  /** Behind a router only stable and the newest are capacity, and a stable version that was made small to the end. */
  #isCounted(name: string): boolean {
    const { stableRS, currentPodHash } = this.status();
    const hash = this.replicaSets.get(name)?.metadata.labels?.[HASH_LABEL];
    const isRouted = this.#canary.trafficRouting !== undefined;
    const isDynamic = this.#canary.dynamicStableScale === true && stableRS === currentPodHash;
    return !isRouted || isDynamic || hash === stableRS || hash === currentPodHash;
  }

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
    if (!routed && blueGreen === undefined && this.#scaledAt !== n && !this.#exempt('surge')) {
      const fences = fencesOf(canary, n);
      const most = n + Math.max(fences.surge, n === 1 ? 1 : fences.surge);
      assert.ok(total <= most, `surge: ${total} pods asked for, ${most} allowed${context()}`);
    }
    if (total <= n) this.#scaledAt = undefined;
    for (const [name, service] of this.services) {
      const hash = service.selector[HASH_LABEL];
      // Without any pod a user has scaled to 0, and not yet back.
      if (hash === undefined || this.#isEmpty(n, total)) continue;
      const rs = [...this.replicaSets.values()].find((item) => item.metadata.labels?.[HASH_LABEL] === hash);
      if (rs === undefined) assert.fail(`rule 2: Service ${name} selects nothing${context()}`);
      const isPreview = blueGreen !== undefined && name === blueGreen.previewService;
      const weight = isPreview ? 0 : routed ? this.#weightOf(name) : 1;
      if (weight > 0 && !this.#dying)
        assert.ok((rs.spec.replicas ?? 0) > 0, `rule 2: Service ${name} is empty${context()}`);
    }
    const weights = this.status().canary?.weights;
    if (weights !== undefined) {
      const max = canary.trafficRouting?.maxTrafficWeight ?? 100;
      assert.equal(weights.canary.weight + weights.stable.weight, max, `rule 4${context()}`);
      assert.ok(weights.canary.weight >= 0 && weights.canary.weight <= max, `rule 4${context()}`);
    }
    if (!this.#isEmpty(n, total) && !this.#foreign) this.#checkTargets(context);
    if (this.rollout.status?.abort === true && this.#verdictAt === undefined) this.#verdictAt = this.now;
  }

  #wasEmpty = false;
  /** A user scaled to 0, and the first pods are not back yet. */
  #isEmpty(n: number, total: number): boolean {
    this.#wasEmpty = n === 0 || total === 0 || (this.#wasEmpty && this.#allAvailable() === 0);
    return this.#wasEmpty;
  }

  /** Traffic through a Service. The stable one may be used past the router, too. */
  #weightOf(service: string): number {
    const state = this.#routeState;
    const { weight = 0, managed = [] } = this.#foreign ? {} : (state?.view ?? {});
    const { canaryService, stableService, pingPong } = this.#canary;
    if (service === (state?.canaryService ?? canaryService)) return managed.length > 0 ? 1 : weight;
    if (service === stableService || pingPong === undefined) return 1;
    return this.#foreign ? 0 : (state?.max ?? 100) - weight;
  }

  /** Rules 2 and 3: the versions that the recorder sends to have pods. */
  #checkTargets(context: () => string): void {
    const { max = 100, view } = this.#routeState ?? {};
    if (view?.canaryHash === undefined) return;
    const { weight = 0, managed = [] } = view;
    const targets: [what: string, hash: string | undefined, weight: number][] = [
      ['weight', view.canaryHash, weight],
      ['header or mirror route', view.canaryHash, managed.length],
      ['weight', view.stableHash, max - weight],
    ];
    for (const [what, hash, share] of targets) {
      if (share === 0 || hash === undefined || hash === '') continue;
      const size = this.withHash(hash)?.spec.replicas ?? 0;
      assert.ok(size > 0, `rule 2: a ${what} goes to ${this.#rev(hash)}, which has no pods${context()}`);
    }
  }

  readonly #availableOf = (hash: string | undefined): number => {
    const rs = this.withHash(hash);
    return rs === undefined ? 0 : this.available(rs.metadata.name);
  };

  #scaledAt: number | undefined;
  #dying = false;
  /** From here on the number of replicas is another one: the fences count again when it is reached. */
  scaled(): this {
    this.#scaledAt = this.rollout.spec.replicas ?? 1;
    return this;
  }

  /** What a write of the route may do. */
  #checkRoute(next: RoutesWanted): void {
    const state = this.#routeState;
    const { weight: shown, canaryHash } = state?.view ?? {};
    const context = (): string => `\n${this.story.slice(-12).join('\n')}`;
    const { weight, max } = next;
    const n = this.rollout.spec.replicas ?? 1;
    if (next.managed.length > 0)
      assert.ok(this.#availableOf(next.canaryHash) > 0, `rule 2: a route to no ready pod${context()}`);
    const swapped = state?.canaryService !== next.canaryService;
    if (shown === undefined || swapped) return;
    const { abort, promoteFull, currentPodHash, stableRS } = this.status();
    if (abort === true && promoteFull !== true && currentPodHash !== stableRS)
      assert.ok(weight <= shown, `rule 7: from ${shown} to ${weight} after an abort${context()}`);
    if (this.#exempt('1')) return;
    this.#checkRaise(weight, max);
    // Stable made small on purpose takes back only what it can carry, unless the other has no pods at all.
    const giver = this.#availableOf(
      canaryHash ?? this.services.get(next.canaryService ?? '')?.selector[HASH_LABEL],
    );
    const taker = this.#availableOf(next.stableHash);
    if (this.#canary.dynamicStableScale === true && weight < shown && giver > 0 && !this.#foreign)
      assert.ok(
        taker >= Math.floor(((max - weight) * n) / max),
        `rule 1: stable gets ${max - weight} with ${taker} of ${n} pods${context()}`,
      );
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

  /** Hashes say nothing to a reader; the image does. */
  #rev(hash: string | undefined): string | undefined {
    if (hash === undefined || hash === '') return undefined;
    const rs = [...this.replicaSets.values()].find((item) => item.metadata.labels?.[HASH_LABEL] === hash);
    return rs === undefined ? 'v?' : tagOf(rs);
  }

  #named(text: string): string {
    let named = text;
    for (const rs of this.replicaSets.values()) {
      const hash = rs.metadata.labels?.[HASH_LABEL] ?? '';
      named = named.replaceAll(hash, tagOf(rs));
    }
    return named;
  }
}

/** A Rollout that nobody has looked at yet, with its Services. */
function start(options: WorldOptions): RolloutSnapshot & { readonly rollout: Rollout } {
  const { canary = {}, blueGreen } = options;
  const rollout: Rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo', namespace: 'shop', uid: 'rollout-uid', generation: 1, resourceVersion: '1' },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: { app: 'demo' } },
      template: template('v1'),
      strategy: blueGreen === undefined ? { canary } : { blueGreen },
      ...options.spec,
    },
  };
  const services = [
    canary.stableService,
    canary.canaryService,
    blueGreen?.activeService,
    blueGreen?.previewService,
    canary.pingPong?.pingService,
    canary.pingPong?.pongService,
  ].filter((name) => name !== undefined);
  return {
    now: START,
    stored: rollout as unknown as RolloutSnapshot['stored'],
    rollout,
    issues: [],
    replicaSets: [],
    analysisRuns: [],
    templates: options.templates ?? [],
    clusterTemplates: [],
    services: Object.fromEntries(
      services.map((name) => [name, { name, selector: { app: 'demo' }, managedBy: undefined }]),
    ),
    routes: routersOf(options),
    references: {},
    statusWrittenAt: undefined,
    failed: [],
  };
}

function routersOf({ canary, confirmsAfterMs }: WorldOptions): RouteView[] {
  const routing = canary?.trafficRouting;
  if (routing === undefined) return [];
  const nothing = { weight: undefined, current: false };
  if (routing.plugins === undefined) return [{ router: 'nginx', ...nothing }];
  const knows = { canaryHash: '', stableHash: '', additional: [], managed: [] };
  const confirms = confirmsAfterMs !== undefined;
  return [{ router: `plugins.${RECORDER}`, ...nothing, ...knows, confirms }];
}

const part = (value: number, digits: number): string => String(Math.floor(value)).padStart(digits, '0');

function tagOf(rs: ReplicaSet): string {
  const spec = rs.spec.template['spec'] as { containers: { image: string }[] };
  return spec.containers[0]?.image.replace(/^.*:/, '') ?? '';
}

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
