/** Step 3: v3 answers every third request with a 500, fails its gate and is aborted; stable is never touched. */

import type { KubeObject } from '../../kube/api.ts';
import { ANALYSIS_RUN } from '../../kube/kinds.ts';
import { type Answer, isFailure, tally } from '../ledger.ts';
import { BAD_EVERY, GATE, MAX_ERRORS, NAMESPACE, REPLICAS, repositoryFiles } from '../manifests.ts';
import {
  beat,
  isReady,
  nextAnswers,
  number,
  podsOf,
  refresh,
  replicaSetOf,
  type RolloutState,
  rolloutState,
  short,
  SOON_MS,
  type Stage,
  text,
} from '../stage.ts';
import { upperLimit } from '../statistics.ts';
import { dig } from '../world.ts';
import { seconds } from './first-release.ts';
import { measurementsOf, numberIn } from './measurements.ts';

export async function badVersion(stage: Stage): Promise<string> {
  const { checks, ledger, repository, speed, world } = stage;
  stage.title('3/5  v3, every third answer a 500');
  const before = rolloutState(stage);
  const stable = new StableWatch(stage, before?.stableHash ?? '');
  const began = Date.now();
  const sha = await repository.commit('shop v3', repositoryFiles({ version: 'v3', bad: true, speed }));
  stage.say(`git push ${short(sha)} "shop v3"`);
  await refresh(stage);
  const aborted = await world.until('the Rollout is aborted and no client goes to v3', 90_000, () => {
    const state = rolloutState(stage);
    return state?.version === 'v3' && state.aborted && world.weight === 0 ? state : undefined;
  });
  const walked = world.plateaus(began).filter(({ weight }) => weight > 0);
  const last = walked.at(-1);
  checks.that(
    3,
    walked.length > 0 && walked.every(({ weight }) => weight < 100),
    'the gate stopped it',
    `at weight ${last?.weight}, ${seconds(Date.now() - (last?.from ?? Date.now()))} after that weight was set`,
  );
  await explain(stage, aborted);

  // What was on its way when the weight fell is answered within a moment.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await beat(stage, 2000);
  const after = tally(await nextAnswers(stage, 100));
  checks.that(
    3,
    after.failed === 0 && after.byVersion.get('v2') === after.answers,
    'every client is back at v2',
    `${after.byVersion.get('v2') ?? 0} of ${after.answers} answers, ${after.failed} failed`,
  );
  checkFailures(stage, ledger.since(began));
  stable.check();
  return sha;
}

/** Query, value and condition, from the objects that the controller left. */
async function explain(stage: Stage, state: RolloutState): Promise<void> {
  const { checks, world } = stage;
  const run = await world.until('the AnalysisRun has failed', SOON_MS, () =>
    world.list(ANALYSIS_RUN, NAMESPACE).find((candidate) => text(candidate, 'status', 'phase') === 'Failed'),
  );
  const query = text(run, 'status', 'metricResults', 0, 'metadata', 'ResolvedPrometheusQuery');
  const condition = text(run, 'spec', 'metrics', 0, 'failureCondition');
  const failed = measurementsOf(run).find(({ phase }) => phase === 'Failed');
  const measured = numberIn(failed?.value ?? '');
  stage.say(`  query      ${query.replace(/\s+/g, ' ')}`);
  stage.say(`  value      ${failed?.value}`);
  stage.say(`  condition  ${condition}`);
  stage.say(`  said       ${state.message}`);
  checks.that(
    3,
    query !== '' && condition !== '' && measured > MAX_ERRORS,
    'query, value and condition are on record',
    `${failed?.value} is "${condition}"`,
  );
  checks.that(
    3,
    state.message.includes(GATE) || text(run, 'status', 'message').includes(GATE),
    'the Rollout names the metric that failed',
    `"${GATE}"`,
  );
}

function checkFailures({ checks, world }: Stage, answers: readonly Answer[]): void {
  const failures = answers.filter(isFailure);
  const strangers = failures.filter(({ version }) => version !== 'v3');
  checks.that(
    3,
    strangers.length === 0,
    'only v3 failed',
    `${failures.length} failed, ${strangers.length} of them not by v3`,
  );
  let mean = 0;
  let variance = 0;
  for (const { start } of answers) {
    const chance = world.weightAt(start) / 100 / BAD_EVERY;
    mean += chance;
    variance += chance * (1 - chance);
  }
  // Each pod counts its own requests, so that its share may be one answer off.
  const limit = upperLimit(mean, variance) + REPLICAS;
  checks.that(
    3,
    failures.length > 0 && failures.length <= limit,
    "failed requests stay within what the canary's weight explains",
    `${failures.length} of ${answers.length}; expected ${mean.toFixed(0)}, at most ${limit.toFixed(0)}`,
  );
}

/** Follows the stable ReplicaSet from now on. */
class StableWatch {
  readonly #stage: Stage;
  readonly #hash: string;
  readonly #before: KubeObject | undefined;
  readonly #pods: ReadonlySet<string>;
  #leastWanted = Infinity;
  #leastReady = Infinity;
  readonly #off: () => void;

  constructor(stage: Stage, hash: string) {
    this.#stage = stage;
    this.#hash = hash;
    this.#before = replicaSetOf(stage, hash);
    this.#pods = this.#podIds();
    const look = (): void => {
      const now = replicaSetOf(stage, hash);
      this.#leastWanted = Math.min(this.#leastWanted, number(now, 'spec', 'replicas'));
      const pods = now === undefined ? [] : podsOf(stage, now).filter(isReady);
      this.#leastReady = Math.min(this.#leastReady, pods.length);
    };
    look();
    this.#off = stage.world.onChange(look);
  }

  check(): void {
    this.#off();
    const { checks } = this.#stage;
    const now = replicaSetOf(this.#stage, this.#hash);
    const pods = this.#podIds();
    const same = pods.size === this.#pods.size && [...pods].every((uid) => this.#pods.has(uid));
    const restarts = (now === undefined ? [] : podsOf(this.#stage, now)).reduce(
      (sum, pod) => sum + number(pod, 'status', 'containerStatuses', 0, 'restartCount'),
      0,
    );
    const untouched =
      now?.metadata.uid !== undefined &&
      now.metadata.uid === this.#before?.metadata.uid &&
      rolloutState(this.#stage)?.stableHash === this.#hash;
    checks.that(
      3,
      untouched && same && restarts === 0 && this.#leastWanted === REPLICAS && this.#leastReady === REPLICAS,
      'stable was never touched',
      `${pods.size} pods, ${same ? 'the same as before' : 'not the same as before'}, ${restarts} restarts, ` +
        `never fewer than ${this.#leastReady} ready of ${this.#leastWanted} wanted`,
    );
  }

  #podIds(): Set<string> {
    const set = replicaSetOf(this.#stage, this.#hash);
    return new Set(
      (set === undefined ? [] : podsOf(this.#stage, set)).map((pod) => String(dig(pod, 'metadata', 'uid'))),
    );
  }
}
