/**
 * With whose rights an Application is read, compared, written and pruned: the client, the writer and the watches of
 * each ServiceAccount. Nothing that one account may see is used for an Application of another.
 */

import type { KubeApi } from '../../kube/api.ts';
import { ApiError, isNotFound } from '../../kube/api.ts';
import { SERVICE_ACCOUNT } from '../../kube/kinds.ts';
import { type AccountRef, accountUser, printAccount } from '../../plan/sync/account.ts';
import type { Problem } from '../../plan/sync/index.ts';
import type { ControlContext, Writer } from '../controller.ts';
import { DryRuns } from './dry-run.ts';
import { LiveObjects, type LiveObjectsOptions } from './live-objects.ts';

export interface Hands {
  readonly api: KubeApi;
  readonly writer: Writer;
  readonly objects: LiveObjects;
  readonly dryRuns: DryRuns;
  /** What stands in the way of acting, asked of the API server when `anew`, or when nothing good is known yet. */
  problem(anew: boolean): Promise<Problem | undefined>;
}

interface AccountsOptions {
  readonly context: ControlContext;
  /** The syncer's own client. */
  readonly api: KubeApi;
  /** The client of a user; needed where an account is named. */
  readonly impersonate: ((user: string) => KubeApi) | undefined;
  readonly onChange: LiveObjectsOptions['onChange'];
}

export class Accounts {
  readonly #options: AccountsOptions;
  readonly #hands = new Map<string, Hands>();
  #signal: AbortSignal | undefined;

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  attach(signal: AbortSignal): void {
    this.#signal = signal;
    for (const { objects } of this.#hands.values()) objects.attach(signal);
  }

  /** undefined: the syncer's own. */
  of(account: AccountRef | undefined): Hands {
    const key = account === undefined ? '' : printAccount(account);
    const known = this.#hands.get(key);
    if (known !== undefined) return known;
    const made = this.#make(account);
    this.#hands.set(key, made);
    return made;
  }

  stopUnused(): void {
    for (const { objects } of this.#hands.values()) objects.stopUnused();
  }

  forget(application: string): void {
    for (const { dryRuns } of this.#hands.values()) dryRuns.forget(application);
  }

  #make(account: AccountRef | undefined): Hands {
    const { context, onChange } = this.#options;
    const { clock, random, log } = context;
    const api = account === undefined ? this.#options.api : this.#clientOf(account);
    const writer = account === undefined ? context.writer : context.writerThrough(api);
    const objects = new LiveObjects({ api, clock, random, log, onChange });
    if (this.#signal !== undefined) objects.attach(this.#signal);
    let good = account === undefined;
    return {
      api,
      writer,
      objects,
      dryRuns: new DryRuns(writer, clock),
      problem: async (anew) => {
        if (account === undefined || (good && !anew)) return undefined;
        const problem = await this.#look(account);
        good = problem === undefined;
        return problem;
      },
    };
  }

  #clientOf(account: AccountRef): KubeApi {
    const { impersonate } = this.#options;
    if (impersonate === undefined) throw new Error('this syncer has no client that can act as somebody else');
    return impersonate(accountUser(account));
  }

  /** Impersonation itself asks nobody whether the account is there: the bindings of a deleted one would go on working. */
  async #look(account: AccountRef): Promise<Problem | undefined> {
    try {
      const found = await this.#options.api.get(SERVICE_ACCOUNT, account);
      if (found.metadata.deletionTimestamp === undefined) return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Without the right to look, the impersonation itself will tell.
      if (error.code === 403) return undefined;
      if (!isNotFound(error)) throw error;
    }
    return {
      type: 'ComparisonError',
      message: `the ServiceAccount ${printAccount(account)}, as which this Application acts, does not exist: create it, and bind it a role for what the Application holds`,
    };
  }
}
