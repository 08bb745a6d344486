/** Argo CD's own controller, beside which the syncer must not own every Application. Spec 11 section 6. */

import type { KubeApi } from '../../kube/api.ts';
import { ApiError } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { DEPLOYMENT } from '../../kube/kinds.ts';
import type { Log } from '../controller.ts';

const STATEFUL_SET = {
  group: 'apps',
  version: 'v1',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  namespaced: true,
};
const SELECTOR = 'app.kubernetes.io/name=argocd-application-controller';
const KEEP_MS = 60_000;

export class ArgoCdDetector {
  readonly #live: Pick<KubeApi, 'list'>;
  readonly #clock: Clock;
  readonly #log: Log;
  #found = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(live: Pick<KubeApi, 'list'>, clock: Clock, log: Log) {
    this.#live = live;
    this.#clock = clock;
    this.#log = log;
  }

  /** Looks at most once a minute. Without the right to look it takes the user's word that there is none. */
  async isThere(): Promise<boolean> {
    if (this.#clock.monotonic() - this.#lookedAt < KEEP_MS) return this.#found;
    const before = this.#found;
    let found = false;
    for (const type of [STATEFUL_SET, DEPLOYMENT]) {
      try {
        const { items } = await this.#live.list(type, { labelSelector: SELECTOR, limit: 1 });
        found ||= items.length > 0;
      } catch (error) {
        if (!(error instanceof ApiError) || (error.code !== 403 && error.code !== 404)) throw error;
      }
    }
    this.#found = found;
    this.#lookedAt = this.#clock.monotonic();
    if (found && !before) {
      this.#log.error(
        { selector: SELECTOR },
        'Argo CD runs in this cluster, so owning all Applications is refused: only those labelled sluice.dev/syncer are acted on',
      );
    }
    return found;
  }
}
