/** Plays one history from its beginning to its rest, and lets the rules watch. */

import type { KubeObject } from '../../src/kube/api.ts';
import { APPLICATION, ROLLOUT } from '../../src/kube/kinds.ts';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { act } from './actions.ts';
import { askWhy } from './asker.ts';
import type { History, HistoryEvent } from './history.ts';
import { clientsOf } from './clients.ts';
import { application, KEY, typeOf } from './manifests.ts';
import { isMeasurement } from './rules/measuring.ts';
import type { Happening, Rule, Violation, Watcher } from './rules/types.ts';
import { startBeside } from './side.ts';
import { type LiveScene, newScene } from './registry.ts';
import { World } from './world.ts';

export interface SimulateOptions {
  readonly rules?: readonly Rule[] | undefined;
  /** Sees everything that happens. */
  readonly onHappening?: ((happening: Happening) => void) | undefined;
  readonly onViolation?: ((violation: Violation) => void) | undefined;
  /** Looks at nothing but whether the history comes to rest. */
  readonly livenessOnly?: boolean | undefined;
  /** Ends with the last event instead of waiting for rest. */
  readonly onlyUntilQuiet?: boolean | undefined;
}

export interface Outcome {
  readonly violations: readonly Violation[];
  /** How the Rollout ended. */
  readonly end: string;
  readonly happenings: number;
  readonly releases: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly checks: Readonly<Record<number, number>>;
  readonly virtualMs: number;
  /** What the processes complained about. */
  readonly problems: readonly string[];
}

/** Longest time after the last event within which a history must have come to rest. */
const REST_WITHIN_MS = 40 * 60_000;
/** So long nothing must be written, at rest. */
const REST_MS = 5 * 60_000;
const LOOK_EVERY_MS = 15_000;
/** A person who waits asks why, at every so many looks. */
const ASK_EVERY = 6;
/** The number under which a history that does not come to rest is reported. */
export const LIVENESS = 0;

export async function simulate(history: History, options: SimulateOptions = {}): Promise<Outcome> {
  const run = new Run(history, options);
  return await run.play();
}

class Run {
  readonly #history: History;
  readonly #options: SimulateOptions;
  readonly #world: World;
  readonly #watchers: { rule: Rule; watcher: Watcher }[];
  readonly #violations: Violation[] = [];
  readonly #faults: Record<string, number> = {};
  readonly #scene: LiveScene | undefined;
  readonly #brokenRules = new Set<number>();
  /** Whether anybody looks at the answers of those who ask. */
  readonly #asks: boolean;
  #happenings = 0;
  #lastWrite = 0;
  #lastWriteWas = '';

  constructor(history: History, options: SimulateOptions) {
    this.#history = history;
    this.#options = options;
    this.#watchers = (options.livenessOnly === true ? [] : (options.rules ?? [])).map((rule) => ({
      rule,
      watcher: rule.start(),
    }));
    this.#asks = this.#watchers.some(({ rule }) => rule.needs.includes('asked'));
    this.#scene = this.#watchers.length === 0 ? undefined : newScene();
    this.#world = new World(history.seed, (happening) => this.#see(happening), history.setup);
  }

  #see(happening: Happening): void {
    this.#happenings++;
    this.#options.onHappening?.(happening);
    if (happening.what === 'fault') this.#faults[happening.kind] = (this.#faults[happening.kind] ?? 0) + 1;
    if (happening.what === 'change' && happening.actor.role === 'sluice' && happening.kind !== 'Lease') {
      const isUnrest = !isMeasurement(happening, (key) =>
        this.#world.cluster.server.storage.store(ROLLOUT).byKey(key),
      );
      if (isUnrest) this.#lastWrite = happening.at;
      if (isUnrest) this.#lastWriteWas = `${happening.verb} ${happening.kind} ${happening.key}`;
    }
    const scene = this.#scene;
    if (scene === undefined) return;
    scene.take(happening);
    for (const { watcher } of this.#watchers) this.#found(watcher.see(happening, scene));
  }

  /** The first of each rule: what follows from it is no news. */
  #found(violation: Violation | undefined): void {
    if (violation === undefined || this.#brokenRules.has(violation.rule)) return;
    this.#brokenRules.add(violation.rule);
    this.#violations.push(violation);
    this.#options.onViolation?.(violation);
  }

  async play(): Promise<Outcome> {
    const { setup, events } = this.#history;
    const world = this.#world;
    const { clock } = world;
    const person = world.as('person');
    world.source = setup.source;
    if (setup.source === 'git') {
      const files = [...setup.objects, setup.rollout].map(
        (object) =>
          [
            `${object === setup.rollout ? 'rollout' : `${object.kind}-${object.metadata.name}`}.yaml`,
            JSON.stringify(object),
          ] as const,
      );
      world.commit(() => world.repository.commit(Object.fromEntries(files)));
      await person.create(APPLICATION, application());
    } else {
      for (const object of setup.objects) {
        const { type } = world.cluster.server.resource(typeOf(object));
        await person.create(type, object);
      }
      await person.create(ROLLOUT, setup.rollout);
    }
    if (setup.side !== undefined) await startBeside(world, setup.side);
    world.startProcesses(setup.processes);
    world.startClients(clientsOf(setup));
    const began = clock.monotonic();
    for (const event of events) {
      await clock.advance(began + event.at - clock.monotonic());
      await act(world, event);
    }
    await clock.settle();
    world.desk.calm();
    world.isCalm = true;
    world.backend.mode = 'truth';
    world.plane.calm();
    world.backend.isPlain = true;
    world.git.failure = undefined;
    world.tell({ what: 'quiet', at: clock.now() });
    if (this.#options.onlyUntilQuiet !== true) await this.#rest();
    if (this.#asks) await askWhy(world, this.#options.onlyUntilQuiet !== true);
    if (this.#scene !== undefined)
      for (const { watcher } of this.#watchers) this.#found(watcher.end?.(this.#scene));
    const end = this.#describe();
    const virtualMs = clock.monotonic();
    const problems = world.processes.flatMap((process) => process.problems);
    world.end();
    await clock.settle();
    return {
      violations: this.#violations,
      end,
      happenings: this.#happenings,
      releases: events.filter(isRelease).length,
      faults: this.#faults,
      checks: Object.fromEntries(this.#watchers.map(({ rule, watcher }) => [rule.number, watcher.checks])),
      virtualMs,
      problems,
    };
  }

  /** Until nothing was written for a while and the phase is one to rest in. */
  async #rest(): Promise<void> {
    const { clock } = this.#world;
    const deadline = clock.now() + REST_WITHIN_MS;
    const from = clock.now();
    for (let look = 1; clock.now() < deadline; look++) {
      await clock.advance(LOOK_EVERY_MS);
      if (this.#asks && look % ASK_EVERY === 1) await askWhy(this.#world);
      const quietFor = clock.now() - Math.max(this.#lastWrite, from);
      if (quietFor >= REST_MS && this.#isRestful()) return;
    }
    this.#found({
      rule: LIVENESS,
      at: clock.now(),
      text: `no rest within ${REST_WITHIN_MS / 60_000} minutes: ${this.#describe()}; last write ${Math.round((clock.now() - this.#lastWrite) / 1000)} s ago: ${this.#lastWriteWas}`,
      objects: [`Rollout ${KEY}`],
    });
  }

  #isRestful(): boolean {
    return this.#world.cluster.server.storage
      .store(ROLLOUT)
      .sorted()
      .every((live) => {
        const { phase, message } = status(live);
        return (
          phase === 'Healthy' || ((phase === 'Paused' || phase === 'Degraded') && (message ?? '') !== '')
        );
      });
  }

  #rollout(): KubeObject | undefined {
    return this.#world.cluster.server.storage.store(ROLLOUT).byKey(KEY);
  }

  #describe(): string {
    const live = this.#rollout();
    if (live === undefined) return 'no Rollout';
    const { phase, message } = status(live);
    return `${phase ?? 'no phase'}${message ? ` (${message})` : ''}`;
  }
}

const isRelease = (event: HistoryEvent): boolean =>
  event.do === 'image' ||
  event.do === 'image-and-replicas' ||
  (event.do === 'git' && event.what === 'revert');

const status = (live: KubeObject): RolloutStatus => (live['status'] ?? {}) as RolloutStatus;
