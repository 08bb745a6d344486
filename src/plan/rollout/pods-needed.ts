/** Whether a decision needs to see single pods. They are read live, and only then: no store holds them. */

import { metadataNeedsPods } from './ephemeral-metadata.ts';
import { Draft } from './intents.ts';
import { restartInstant, restartIsDue } from './restart.ts';
import { claim, revisionsOf } from './revision.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { refusalOf } from './validation.ts';
import { strategyOf, writtenStatus } from './defaults.ts';

export function podsNeeded(snapshot: RolloutSnapshot): boolean {
  const { rollout, stored } = snapshot;
  if (rollout === undefined || stored.metadata.deletionTimestamp !== undefined) return false;
  const { canary, blueGreen } = strategyOf(rollout);
  const metadata = [
    canary?.canaryMetadata,
    canary?.stableMetadata,
    blueGreen?.previewMetadata,
    blueGreen?.activeMetadata,
  ].some((item) => item !== undefined);
  const restart = restartInstant(rollout.spec, writtenStatus(rollout)) !== undefined;
  if ((!metadata && !restart) || refusalOf(snapshot) !== undefined) return false;
  const revisions = revisionsOf(rollout, claim(rollout, snapshot.replicaSets, new Draft()));
  return (
    (restart && restartIsDue(rollout, revisions.hash, snapshot.now) !== undefined) ||
    (metadata && metadataNeedsPods(rollout, revisions))
  );
}
