/** Where a blue-green update stands: a new template, user commands, verdicts, promotion (spec 04 section 7). */

import type { Progress } from '../progress.ts';
import { begin as beginAny, isPromoted, PAUSE_STEP, withoutCommands } from '../progress.ts';
import { createdAt } from '../replica-set.ts';
import { forgetBad } from '../found-bad.ts';
import { isWithinRollbackWindow } from '../rollback-window.ts';
import { createKey } from '../revision.ts';
import { hasFailed } from '../situation.ts';
import { isFirst, isHalted } from './active.ts';
import { isFastRollback } from './fast-track.ts';
import type { BlueGreenSituation } from './situation.ts';

/** A pause of canary steps means nothing here, and its end is nobody's promotion. */
export function begin(s: BlueGreenSituation): Progress {
  const p = beginAny(s);
  const pauses = p.pauses.filter(({ reason }) => reason !== PAUSE_STEP);
  const wasCanary = (s.old.currentStepHash ?? '') !== '' || pauses.length < p.pauses.length;
  return { ...p, pauses, controllerPause: wasCanary ? pauses.length > 0 : p.controllerPause };
}

/** A new template begins a new update; no pause, verdict or command of the one before it counts. */
export function restartIfChanged(s: BlueGreenSituation, p: Progress): Progress {
  const before = s.old.currentPodHash ?? '';
  const { hash, revision } = s.revisions;
  if (before === hash) return p;
  s.draft.note('revision.change', `the pod template is now that of revision ${revision} (${hash})`);
  const next: Progress = { ...p, ...withoutCommands, reset: true };
  if (before === '') return next;
  if (isFastRollback(s, next)) return { ...next, rollback: 'fast' };
  return { ...next, rollback: isOlder(s) ? 'slow' : undefined };
}

function isOlder({ revisions: { fresh, stable } }: BlueGreenSituation): boolean {
  return fresh !== undefined && stable !== undefined && createdAt(fresh) < createdAt(stable);
}

/** The user's `promoteFull`: no pause, no analysis, no abort. */
export function skipGates(s: BlueGreenSituation, p: Progress): Progress {
  if (p.reset || !p.promoteFull || isPromoted(s, p)) return p;
  s.draft.note('promote.full', 'full promotion was requested: no pause and no analysis');
  return { ...p, ...withoutCommands, promoteFull: true };
}

export interface PromotionFacts {
  /** What the active Service selects after this pass. */
  readonly active: string;
  /** No analysis stands after the switch. */
  readonly verified: boolean;
}

/** Why the new version is stable from now on; undefined: it is not, or was already. First match wins. */
export function promotionReason(
  s: BlueGreenSituation,
  p: Progress,
  facts: PromotionFacts,
): string | undefined {
  if (isPromoted(s, p) || hasFailed(s, createKey(s.revisions.name))) return undefined;
  // The first version has nothing to be compared with, nor has one that comes after a version that never served.
  if (p.stableHash === '') return 'Initial deploy';
  if (facts.active === '') return !p.abort && isFirst(s, p) ? 'Initial deploy' : undefined;
  if (p.reset || facts.active !== s.revisions.hash) return undefined;
  if (p.promoteFull) return 'Full promotion requested';
  if (isFastRollback(s, p)) return isWithinRollbackWindow(s) ? 'Rollback within window' : 'Fast rollback';
  if (p.abort) return undefined;
  if (isHalted(s, p)) {
    s.draft.note('promote.wait', 'the update is held');
    return undefined;
  }
  if (!facts.verified) {
    s.draft.note('promote.wait', 'the analysis after the switch is not done');
    return undefined;
  }
  return 'Completed blue-green update';
}

export function promoted(s: BlueGreenSituation, p: Progress, reason: string): Progress {
  forgetBad(s);
  s.draft.note('promote.done', `revision ${s.revisions.revision} is stable: ${reason}`);
  return {
    ...p,
    ...withoutCommands,
    stableHash: s.revisions.hash,
    promotedNow: true,
    byFullPromotion: p.promoteFull,
  };
}
