/** Step 4: Git still says v3 and the Application says so; `git revert` heals it without another canary. */

import { ANALYSIS_RUN } from '../../kube/kinds.ts';
import { tally } from '../ledger.ts';
import { NAMESPACE } from '../manifests.ts';
import {
  applicationState,
  beat,
  nextAnswers,
  promoted,
  refresh,
  replicaSets,
  rolloutState,
  settled,
  short,
  SOON_MS,
  type Stage,
} from '../stage.ts';
import { seconds } from './first-release.ts';

export async function revert(stage: Stage, bad: string): Promise<string> {
  const { checks, repository, world } = stage;
  stage.title('4/5  git revert');
  const state = await world.until('the Application is Degraded', SOON_MS, () => {
    const seen = applicationState(stage);
    return seen.health === 'Degraded' && seen.revision === bad ? seen : undefined;
  });
  checks.that(
    4,
    state.sync === 'Synced' && rolloutState(stage)?.version === 'v3',
    'Git still says v3, and so does the cluster',
    `${state.sync} to ${short(state.revision)}`,
  );
  checks.that(4, state.message !== '', 'the Application is Degraded and says why', state.message);

  await beat(stage, 2000);
  const sets = ids(replicaSets(stage));
  const runs = ids(world.list(ANALYSIS_RUN, NAMESPACE));
  const began = Date.now();
  const sha = await repository.revert(bad);
  stage.say(`git revert ${short(bad)}; git push ${short(sha)}`);
  await refresh(stage);
  await promoted(stage, 'v2', SOON_MS);
  await settled(stage, sha, SOON_MS);
  checks.that(4, true, 'Synced and Healthy again', `after ${seconds(Date.now() - began)}`);

  await beat(stage, 3000);
  const after = tally(await nextAnswers(stage, 150));
  const weights = world.plateaus(began).filter(({ weight }) => weight > 0);
  checks.that(
    4,
    weights.length === 0 &&
      ids(replicaSets(stage)) === sets &&
      ids(world.list(ANALYSIS_RUN, NAMESPACE)) === runs,
    'without another canary',
    'no weight was set, no ReplicaSet made, no analysis run',
  );
  checks.that(
    4,
    after.failed === 0 && after.byVersion.get('v2') === after.answers,
    'clients are answered by v2',
    `${after.byVersion.get('v2') ?? 0} of ${after.answers} answers, ${after.failed} failed`,
  );
  return sha;
}

const ids = (objects: readonly { metadata: { uid?: string } }[]): string =>
  objects
    .map(({ metadata }) => metadata.uid ?? '')
    .sort()
    .join();
