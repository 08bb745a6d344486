/** Step 1: a bare repository with base and overlay gets v1; the syncer deploys it; traffic flows. */

import { APPLICATION } from '../../kube/kinds.ts';
import { tally } from '../ledger.ts';
import { APP, application, NAMESPACE, REPLICAS, repositoryFiles, SYSTEM } from '../manifests.ts';
import {
  beat,
  isReady,
  nextAnswers,
  podsOf,
  promoted,
  replicaSetOf,
  settled,
  short,
  SOON_MS,
  type Stage,
} from '../stage.ts';

export async function firstRelease(stage: Stage): Promise<void> {
  const { checks, repository, speed, world } = stage;
  stage.title('1/5  v1, from Git');
  const sha = await repository.commit('shop v1', repositoryFiles({ version: 'v1', speed }));
  stage.say(`git push ${short(sha)} "shop v1": a Kustomize base and an overlay, in a bare repository`);
  const began = Date.now();
  await world.api.patch(
    APPLICATION,
    { namespace: SYSTEM, name: APP },
    { type: 'apply', body: application(repository.url) },
    { fieldManager: 'demo' },
  );
  const state = await promoted(stage, 'v1', SOON_MS);
  await settled(stage, sha, SOON_MS);
  checks.that(1, true, 'Git to running', `Synced and Healthy after ${seconds(Date.now() - began)}`);
  // The watches of Rollouts and pods are two: one may be ahead of the other for a moment.
  const ready = await world.until(`${REPLICAS} pods of v1 are ready`, SOON_MS, () => {
    const stable = replicaSetOf(stage, state.stableHash);
    const pods = stable === undefined ? [] : podsOf(stage, stable).filter(isReady);
    return pods.length === REPLICAS ? pods : undefined;
  });
  checks.that(1, ready.length === REPLICAS, 'pods of v1 are ready', `${ready.length} in ${NAMESPACE}`);
  stage.startLoad();
  await beat(stage, 3000);
  const { answers, failed, byVersion } = tally(await nextAnswers(stage, 150));
  checks.that(
    1,
    failed === 0 && byVersion.get('v1') === answers,
    'clients are answered by v1',
    `${byVersion.get('v1') ?? 0} of ${answers} answers, ${failed} failed`,
  );
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
