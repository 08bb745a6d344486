/** What Git wants, for each Application: resolved when a poll is due, rendered once for each commit and source. */

import { createHash } from 'node:crypto';
import type { ApplicationSource } from '../../api/application.ts';
import { GitError, RenderError } from '../../git/errors.ts';
import { redact } from '../../git/redact.ts';
import { render, type RenderSettings } from '../../git/render/index.ts';
import type { Rendered, RenderSource } from '../../git/render/types.ts';
import type { GitSource } from '../../git/source.ts';
import type { Clock } from '../../kube/clock.ts';
import type { Problem } from '../../plan/sync/index.ts';
import type { RepositorySecrets } from './repositories.ts';

interface RenderedTarget {
  readonly revision: string;
  /** Changes with the commit and with the source. */
  readonly digest: string;
  readonly rendered: Rendered;
}
export type RenderOutcome =
  | { readonly ok: true; readonly target: RenderedTarget; readonly nextPollAt: number }
  | {
      readonly ok: false;
      readonly problem: Problem;
      readonly nextPollAt: number;
      /** Git could not be asked, but this is what it wanted last: drift from it can still be healed. */
      readonly last: RenderedTarget | undefined;
    };

interface RenderingOptions {
  readonly git: GitSource;
  readonly render: RenderSettings;
  readonly secrets: RepositorySecrets;
  readonly clock: Clock;
  readonly random: () => number;
  readonly pollMs: number;
  readonly pollJitterMs: number;
}

interface Known {
  readonly asked: string;
  readonly outcome: RenderOutcome;
  readonly failures: number;
}

interface Job {
  readonly asked: string;
  readonly token: string | undefined;
  /** The error that was none of Git's or the repository's. */
  readonly ended: Promise<unknown>;
  late: boolean;
}

interface State {
  known?: Known | undefined;
  job?: Job | undefined;
  /** The request to look now that has been answered. */
  answered?: string | undefined;
}

export interface RenderRequest {
  /** Names a wish to ask Git now, whatever the poll says; the same text is the same wish. */
  readonly token?: string | undefined;
  /** Renders again, even at the same commit. */
  readonly hard?: boolean | undefined;
}

const FIRST_RETRY_MS = 10_000;
/** A pass waits so long for Git; then the work goes on beside it, and the Application is woken when it is done. */
const PATIENCE_MS = 2_000;

export const digestOf = (value: unknown): string =>
  createHash('sha1')
    .update(JSON.stringify(value) ?? '')
    .digest('hex');

export class Renderings {
  readonly #options: RenderingOptions;
  readonly #states = new Map<string, State>();
  #signal: AbortSignal | undefined;
  #wake: (application: string) => void = () => {};

  constructor(options: RenderingOptions) {
    this.#options = options;
  }

  attach(wake: (application: string) => void, signal: AbortSignal): void {
    this.#wake = wake;
    this.#signal = signal;
  }

  forget(application: string): void {
    this.#states.delete(application);
  }

  /** undefined: Git is slow; the Application is woken when there is an answer. */
  async target(
    application: string,
    source: ApplicationSource,
    revision: string,
    { token, hard }: RenderRequest = {},
  ): Promise<RenderOutcome | undefined> {
    const { clock } = this.#options;
    const asked = digestOf([source, revision]);
    const state = this.#states.get(application) ?? {};
    this.#states.set(application, state);
    if (token === undefined) state.answered = undefined;
    const wished = token !== undefined && state.answered !== token;
    const current = state.known?.asked === asked ? state.known : undefined;
    if (current !== undefined && !wished && clock.now() < current.outcome.nextPollAt) return current.outcome;

    if (state.job === undefined || state.job.asked !== asked || (wished && state.job.token !== token)) {
      const outcome = hard === true ? undefined : current?.outcome;
      const job: Job = { asked, token, late: false, ended: Promise.resolve() };
      state.job = job;
      Object.assign(job, {
        ended: this.#work(application, state, job, source, revision, outcome, current?.failures ?? 0),
      });
    }
    const { job } = state;
    const patience = Promise.withResolvers<'late'>();
    const timer = clock.setTimer(PATIENCE_MS, () => patience.resolve('late'));
    const first = await Promise.race([job.ended, patience.promise]);
    timer.cancel();
    if (first === 'late') {
      job.late = true;
      return wished ? undefined : current?.outcome;
    }
    if (first !== undefined) throw first;
    return state.known?.asked === asked ? state.known.outcome : undefined;
  }

  /** Never rejects. */
  async #work(
    application: string,
    state: State,
    job: Job,
    source: ApplicationSource,
    revision: string,
    before: RenderOutcome | undefined,
    failures: number,
  ): Promise<unknown> {
    const { clock, random, pollMs, pollJitterMs } = this.#options;
    const nextPollAt = clock.now() + pollMs + Math.floor(random() * pollJitterMs);
    const last = before?.ok === true ? before.target : before?.last;
    let known: Known | undefined;
    let trouble: unknown;
    try {
      const target = await this.#resolve(source, revision, job.asked, last);
      known = { asked: job.asked, outcome: { ok: true, target, nextPollAt }, failures: 0 };
    } catch (error) {
      if (error instanceof GitError || error instanceof RenderError) {
        // Trouble on the way is tried again soon; what is wrong in the repository waits for the next commit.
        const soon = error instanceof GitError && ['Unreachable', 'Timeout', 'Failed'].includes(error.code);
        const retryAt = clock.now() + Math.min(FIRST_RETRY_MS * 2 ** failures, pollMs);
        known = {
          asked: job.asked,
          outcome: {
            ok: false,
            problem: { type: 'ComparisonError', message: redact(error.message) },
            nextPollAt: soon ? Math.min(retryAt, nextPollAt) : nextPollAt,
            last: soon ? last : undefined,
          },
          failures: failures + 1,
        };
      } else {
        trouble = error;
      }
    }
    if (this.#states.get(application) === state && state.job === job) {
      state.job = undefined;
      if (known !== undefined) {
        state.known = known;
        state.answered = job.token;
      }
      if (job.late && this.#signal?.aborted !== true) this.#wake(application);
    }
    return trouble;
  }

  async #resolve(
    source: ApplicationSource,
    revision: string,
    asked: string,
    last: RenderedTarget | undefined,
  ): Promise<RenderedTarget> {
    const { git, secrets } = this.#options;
    const signal = this.#signal;
    const repository = { url: source.repoURL, credentials: await secrets.for(source.repoURL) };
    const sha = await git.resolve(repository, revision, signal);
    if (last?.revision === sha) return last;
    const rendered = await git.withTree(
      repository,
      sha,
      (tree) => render(tree, source as RenderSource, { ...this.#options.render, signal }),
      signal,
    );
    return { revision: sha, digest: `${asked}/${sha}`, rendered };
  }
}
