/** Which version the active and the preview Service select (spec 04 sections 1 and 5). */

import { countsOf, hashOf, isObserved } from '../replica-set.ts';
import type { Progress } from '../progress.ts';
import { isInconclusive, isPromoted } from '../progress.ts';
import { createKey } from '../revision.ts';
import { selectVersion } from '../services.ts';
import { hasFailed } from '../situation.ts';
import type { BlueGreenSituation } from './situation.ts';
import { isSaturated, selectedBy } from './situation.ts';

/** A person holds the update: no Service moves forward, no pause begins or ends. Pods are scaled all the same. */
export const isHalted = (s: BlueGreenSituation, p: Progress): boolean =>
  s.rollout.spec.paused === true || isInconclusive(p);

/** Whether stable had the active Service: the record knows it, also while an edit makes that select every version. */
const hasServed = (s: BlueGreenSituation, p: Progress): boolean =>
  s.stable !== undefined && s.old.blueGreen?.activeSelector === p.stableHash;

/**
 * An active Service that selects every version, while a stable version runs (the Rollout was a canary before, or somebody
 * rewrote the selector): stable takes the Service first, so that the new version comes through its gates. A first version
 * that never came up doesn't stand in the way of its fix.
 */
export function adoptsStable(s: BlueGreenSituation, p: Progress): boolean {
  if (s.active !== '' || s.stable === undefined || isPromoted(s, p)) return false;
  const wasCanary = (s.old.currentStepHash ?? '') !== '';
  return isSaturated(s, s.stable) || ((wasCanary || hasServed(s, p)) && s.stable.available > 0);
}

/** Nothing serves yet that the new version could be measured by. */
export const isFirst = (s: BlueGreenSituation, p: Progress): boolean =>
  !adoptsStable(s, p) && !hasServed(s, p);

/** Before any pod is ready: what looks at a preview wants to see it come up. Gives what it selects after this pass. */
export function planPreview(s: BlueGreenSituation, p: Progress): string {
  const { previewService } = s.blueGreen;
  const { hash, name } = s.revisions;
  const now = selectedBy(s.snapshot, previewService);
  if (previewService === undefined || previewService === '') return now;
  if (isHalted(s, p)) {
    if (now !== hash) s.draft.note('preview.halt', `Service ${previewService} waits for the pause to end`);
    return now;
  }
  if (hasFailed(s, createKey(name))) return now;
  return selectVersion(s, previewService, hash, { wave: 'services', when: 'before' }) ? hash : now;
}

export interface ActiveFacts {
  /** Neither pause nor analysis stands before the new version. */
  readonly open: boolean;
}

/** Gives what the active Service selects after this pass. */
export function planActive(s: BlueGreenSituation, p: Progress, facts: ActiveFacts): string {
  const target = activeTarget(s, p, facts);
  const { activeService } = s.blueGreen;
  if (target === '' || activeService === undefined) return s.active;
  // Taking the traffic from an aborted version comes before everything else.
  const place = p.abort
    ? ({ wave: 'verdict', when: 'after' } as const)
    : ({ wave: 'services', when: 'before' } as const);
  return selectVersion(s, activeService, target, place) ? target : s.active;
}

/** '' where nothing is to be selected yet. */
function activeTarget(s: BlueGreenSituation, p: Progress, { open }: ActiveFacts): string {
  if (p.abort) return abortTarget(s, p);
  if (isHalted(s, p)) return s.active;
  if (adoptsStable(s, p)) {
    s.draft.note('active.adopt', 'the active Service selects every version: the stable one takes it first');
    return p.stableHash;
  }
  const { fresh, hash } = s.revisions;
  if (s.active === hash || !open || (p.reset && !isPromoted(s, p))) return s.active;
  if (fresh === undefined || !isObserved(fresh) || !isSaturated(s, s.canary)) {
    s.draft.note(
      'active.wait',
      `the active Service waits for the new version: ${s.canary.available} of ${s.replicas} pods are available`,
    );
    return s.active;
  }
  return hash;
}

/**
 * Stable again, whatever the new version's pods do, and as soon as a pod of it is ready. But never from a version that serves
 * to one that can't.
 */
function abortTarget(s: BlueGreenSituation, p: Progress): string {
  if (s.stable === undefined || s.active === p.stableHash) return s.active;
  const selected = s.revisions.all.find((rs) => hashOf(rs) === s.active);
  const serving = s.active === '' ? s.canary : selected === undefined ? undefined : countsOf(selected);
  if (s.stable.ready === 0 && (serving?.ready ?? 0) > 0) {
    s.draft.note('abort.wait', 'the active Service keeps the new version: stable has no ready pod');
    return s.active;
  }
  return p.stableHash;
}
