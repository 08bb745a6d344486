/** Step 2: v2 walks up the weights behind its gate. The clients' shares follow, and no request fails. */

import { ANALYSIS_RUN } from '../../kube/kinds.ts';
import { isFailure, tally } from '../ledger.ts';
import { NAMESPACE, PLATEAUS, repositoryFiles } from '../manifests.ts';
import {
  nextAnswers,
  percent,
  promoted,
  refresh,
  settled,
  short,
  SOON_MS,
  type Stage,
  text,
} from '../stage.ts';
import { chiSquared, chiSquaredTail } from '../statistics.ts';
import type { Plateau } from '../world.ts';
import { measurementsOf } from './measurements.ts';

/** Around a change of weight, what proxy, clients and we know of it differs. */
const MARGIN_MS = 300;
/** Fewer answers say little about a share. */
const LEAST = 50;
/** A fair router would be blamed once in ten thousand demos. */
const LEAST_PROBABILITY = 1e-4;

export async function goodVersion(stage: Stage): Promise<string> {
  const { checks, ledger, repository, speed, world } = stage;
  stage.title('2/5  v2, a good version');
  const began = Date.now();
  const sha = await repository.commit('shop v2', repositoryFiles({ version: 'v2', speed }));
  stage.say(`git push ${short(sha)} "shop v2"`);
  await refresh(stage);
  await promoted(stage, 'v2', 120_000);
  await settled(stage, sha, SOON_MS);

  const walked = world.plateaus(began).filter(({ weight }) => weight > 0);
  checks.that(
    2,
    walked.map(({ weight }) => weight).join() === PLATEAUS.join(),
    'the weights went',
    walked.map(({ weight }) => weight).join(', '),
  );
  checkShares(stage, walked);

  const run = await world.until('the AnalysisRun is Successful', SOON_MS, () =>
    world
      .list(ANALYSIS_RUN, NAMESPACE)
      .find((candidate) => text(candidate, 'status', 'phase') === 'Successful'),
  );
  const values = measurementsOf(run).map(({ value }) => value);
  checks.that(
    2,
    values.length > 0,
    'the Prometheus gate let it pass',
    `error rates ${values.join(' ')} for "${text(run, 'spec', 'metrics', 0, 'successCondition')}"`,
  );
  const after = tally(await nextAnswers(stage, 100));
  checks.that(2, after.byVersion.get('v2') === after.answers, 'now every client is answered by v2');
  const all = ledger.since(began);
  const failed = all.filter(isFailure);
  checks.that(2, failed.length === 0, 'no request failed on the way', `${failed.length} of ${all.length}`);
  return sha;
}

function checkShares({ checks, ledger }: Stage, plateaus: readonly Plateau[]): void {
  let statistic = 0;
  let degrees = 0;
  const seen: string[] = [];
  for (const { weight, from, to } of plateaus) {
    const { answers, byVersion } = tally(ledger.within(from + MARGIN_MS, (to ?? Date.now()) - MARGIN_MS));
    const canary = byVersion.get('v2') ?? 0;
    checks.that(
      2,
      answers >= LEAST,
      `weight ${weight}`,
      `${percent(canary, answers)} of ${answers} answers by v2`,
    );
    seen.push(`${weight}: ${percent(canary, answers)}`);
    if (weight >= 100) {
      checks.that(2, canary === answers, 'at weight 100 nobody else answers', `${canary} of ${answers}`);
    } else {
      const expected = [(answers * weight) / 100, (answers * (100 - weight)) / 100];
      statistic += chiSquared([canary, answers - canary], expected);
      degrees += 1;
    }
  }
  const probability = chiSquaredTail(statistic, degrees);
  checks.that(
    2,
    probability >= LEAST_PROBABILITY,
    'the shares at the clients follow the weights',
    `chi-squared ${statistic.toFixed(2)} with ${degrees} degrees of freedom, p = ${probability.toFixed(3)}` +
      (probability >= LEAST_PROBABILITY ? '' : ` is below ${LEAST_PROBABILITY} (${seen.join(', ')})`),
  );
}
