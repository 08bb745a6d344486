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

export interface RenderedTarget {
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

export interface RenderingOptions {
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

const FIRST_RETRY_MS = 10_000;

export const digestOf = (value: unknown): string =>
  createHash('sha1')
    .update(JSON.stringify(value) ?? '')
    .digest('hex');

export class Renderings {
  readonly #options: RenderingOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: RenderingOptions) {
    this.#options = options;
  }

  forget(application: string): void {
    this.#known.delete(application);
  }

  /** `fresh`: ask Git now, whatever the poll says. */
  async target(
    application: string,
    source: ApplicationSource,
    revision: string,
    fresh: boolean,
    signal: AbortSignal,
  ): Promise<RenderOutcome> {
    const { clock, random, pollMs, pollJitterMs } = this.#options;
    const asked = digestOf([source, revision]);
    const before = this.#known.get(application);
    if (before !== undefined && before.asked === asked && !fresh && clock.now() < before.outcome.nextPollAt) {
      return before.outcome;
    }
    const nextPollAt = clock.now() + pollMs + Math.floor(random() * pollJitterMs);
    let known: Known;
    const outcome = before?.asked === asked ? before.outcome : undefined;
    const last = outcome?.ok === true ? outcome.target : outcome?.last;
    try {
      const target = await this.#resolve(source, revision, asked, last, signal);
      known = { asked, outcome: { ok: true, target, nextPollAt }, failures: 0 };
    } catch (error) {
      if (signal.aborted) throw error;
      if (!(error instanceof GitError) && !(error instanceof RenderError)) throw error;
      const failures = before?.asked === asked ? before.failures + 1 : 1;
      // Trouble on the way is tried again soon; what is wrong in the repository waits for the next commit.
      const soon = error instanceof GitError && ['Unreachable', 'Timeout', 'Failed'].includes(error.code);
      const retryAt = clock.now() + Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), pollMs);
      known = {
        asked,
        outcome: {
          ok: false,
          problem: { type: 'ComparisonError', message: redact(error.message) },
          nextPollAt: soon ? Math.min(retryAt, nextPollAt) : nextPollAt,
          last: soon ? last : undefined,
        },
        failures,
      };
    }
    this.#known.set(application, known);
    return known.outcome;
  }

  async #resolve(
    source: ApplicationSource,
    revision: string,
    asked: string,
    last: RenderedTarget | undefined,
    signal: AbortSignal,
  ): Promise<RenderedTarget> {
    const { git, secrets } = this.#options;
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
