/** Step 5: someone scales by hand and deletes a Service: selfHeal puts both back. */

import { ROLLOUT, SERVICE } from '../../kube/kinds.ts';
import { isFailure, tally } from '../ledger.ts';
import { APP, NAMESPACE, REPLICAS } from '../manifests.ts';
import {
  beat,
  isReady,
  nextAnswers,
  number,
  podsOf,
  replicaSetOf,
  rolloutState,
  settled,
  SOON_MS,
  stableService,
  type Stage,
} from '../stage.ts';
import { seconds } from './first-release.ts';

const BY_HAND = 2;

export async function drift(stage: Stage, sha: string): Promise<void> {
  const { checks, ledger, world } = stage;
  stage.title('5/5  changes by hand');
  const ref = { namespace: NAMESPACE, name: APP };
  const before = stableService(stage)?.metadata.uid;
  const began = Date.now();
  stage.say(
    `kubectl -n ${NAMESPACE} scale rollout ${APP} --replicas=${BY_HAND}; kubectl -n ${NAMESPACE} delete service ${APP}`,
  );
  const scaled = await world.api.patch(
    ROLLOUT,
    ref,
    { type: 'merge', body: { spec: { replicas: BY_HAND } } },
    { subresource: 'scale', fieldManager: 'kubectl' },
  );
  checks.that(5, number(scaled, 'spec', 'replicas') === BY_HAND, `somebody scaled to ${BY_HAND}`);
  await world.api.delete(SERVICE, ref);
  checks.that(5, before !== undefined, 'and deleted the Service that all traffic goes through');

  const service = await world.until('the Service is back', SOON_MS, () => {
    const now = stableService(stage);
    return now !== undefined && now.metadata.uid !== before ? now : undefined;
  });
  checks.that(
    5,
    service.metadata.uid !== before,
    'the Service is back',
    `after ${seconds(Date.now() - began)}`,
  );
  await world.until(`the Rollout wants ${REPLICAS} replicas and has them`, SOON_MS, () => {
    const state = rolloutState(stage);
    const set = state === undefined ? undefined : replicaSetOf(stage, state.stableHash);
    if (state === undefined || set === undefined) return undefined;
    const ready = podsOf(stage, set).filter(isReady).length;
    return number(state.object, 'spec', 'replicas') === REPLICAS && ready === REPLICAS ? true : undefined;
  });
  checks.that(5, true, `${REPLICAS} replicas again`, `after ${seconds(Date.now() - began)}`);
  await settled(stage, sha, SOON_MS);
  await beat(stage, 2000);
  const after = tally(await nextAnswers(stage, 150));
  const failed = ledger.since(began).filter(isFailure).length;
  checks.that(
    5,
    after.failed === 0 && after.byVersion.get('v2') === after.answers,
    'clients are answered again',
    `${after.answers} of ${after.answers}; ${failed} failed while there was no Service`,
  );
}
