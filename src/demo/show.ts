/** Feeds the picture from the cluster and the clients, and off a terminal tells every change of weight. */

import { systemClock } from '../kube/clock.ts';
import { tally } from './ledger.ts';
import { picture, palette, type PictureState } from './picture.ts';
import type { Screen } from './screen.ts';
import { applicationState, replicaSetOf, rolloutState, short, type Stage, versionOf } from './stage.ts';

/** Answers of so long are "now". */
const RECENT_MS = 1500;
/** One column of the history. */
const MOMENT_MS = 600;
const MAX_HISTORY = 400;

export interface ShowOptions {
  readonly colour: boolean;
  readonly live: boolean;
  /** On the monotonic clock. */
  readonly began: number;
}

export class Show {
  readonly #stage: Stage;
  readonly #screen: Screen;
  readonly #options: ShowOptions;
  readonly #history: { weight: number; share: number | undefined }[] = [];
  #title = '';
  #weight = 0;
  #ticker: NodeJS.Timeout | undefined;
  #off: (() => void) | undefined;

  constructor(stage: Stage, screen: Screen, options: ShowOptions) {
    this.#stage = stage;
    this.#screen = screen;
    this.#options = options;
  }

  title(text: string): void {
    this.#title = text;
    const paint = palette(this.#options.colour);
    this.#screen.line();
    this.#screen.line(`${paint.strong(text)}  ${paint.dim(`(${this.#clock()})`)}`);
  }

  start(): void {
    this.#ticker = setInterval(() => this.#remember(), MOMENT_MS);
    this.#off = this.#stage.world.onChange(() => this.#tellWeight());
    this.#screen.animate(() => {
      const { columns } = this.#screen;
      return picture(this.#state(), { colour: this.#options.colour, columns });
    });
  }

  stop(): void {
    clearInterval(this.#ticker);
    this.#off?.();
  }

  #clock(): string {
    return `${((performance.now() - this.#options.began) / 1000).toFixed(0)} s`;
  }

  #tellWeight(): void {
    const { weight } = this.#stage.world;
    if (weight === this.#weight) return;
    this.#weight = weight;
    const shown =
      weight === 0
        ? 'weight 0: all to stable'
        : `weight ${weight}: ${weight} % to ${this.#versions().canary}`;
    const paint = palette(this.#options.colour);
    this.#screen.line(`  ${paint.dim(`${this.#clock().padStart(5)}  ${shown}`)}`);
  }

  #remember(): void {
    const { recent } = this.#recent();
    const { canary, stable } = this.#versions();
    const all = [...recent.values()].reduce((sum, count) => sum + count, 0);
    const share = all === 0 ? undefined : canary === stable ? 0 : ((recent.get(canary) ?? 0) / all) * 100;
    this.#history.push({ weight: this.#stage.world.weight, share });
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }

  #recent(): { recent: ReadonlyMap<string, number>; failed: number; answers: number } {
    const { byVersion, failed, answers } = tally(this.#stage.ledger.since(systemClock.now() - RECENT_MS));
    return { recent: byVersion, failed, answers };
  }

  #versions(): { stable: string; canary: string } {
    const state = rolloutState(this.#stage);
    if (state === undefined) return { stable: '', canary: '' };
    const stable = versionOf(replicaSetOf(this.#stage, state.stableHash));
    return { stable: stable === '' ? state.version : stable, canary: state.version };
  }

  #state(): PictureState {
    const { ledger, world } = this.#stage;
    const { recent, failed, answers } = this.#recent();
    const rollout = rolloutState(this.#stage);
    const application = applicationState(this.#stage);
    return {
      title: this.#title,
      elapsedMs: performance.now() - this.#options.began,
      weight: world.weight,
      ...this.#versions(),
      recent,
      recentFailed: failed,
      perSecond: Math.round((answers / RECENT_MS) * 1000),
      answered: ledger.count,
      failed: ledger.failed,
      history: this.#history,
      rollout: rollout === undefined ? 'not there yet' : `${rollout.phase} ${rollout.message}`,
      application:
        application.sync === ''
          ? 'not there yet'
          : `${application.sync} to ${short(application.revision)}, ${application.health} ${application.message}`,
    };
  }
}
