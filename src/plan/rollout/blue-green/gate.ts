/** The pause before the switch, and the checkpoint of previewReplicaCount (spec 04 sections 4 and 7). */

import { formatTime } from '../../../lang/time.ts';
import type { Progress } from '../progress.ts';
import { BLUE_GREEN_PAUSE, pauseEnd } from '../progress.ts';
import { isHalted } from './active.ts';
import { isFastTracked } from './fast-track.ts';
import type { BlueGreenSituation } from './situation.ts';
import { isRetry } from './situation.ts';
import { autoPromotionSeconds } from '../defaults.ts';

export interface GateFacts {
  /** The new version has the pods that this stage asks for. */
  readonly ready: boolean;
  /** No analysis stands before the switch any more. */
  readonly analysed: boolean;
}

export interface Gate {
  readonly progress: Progress;
  /** The switch may come. */
  readonly open: boolean;
}

/** Whether the new version was allowed to grow from its preview size to its full one. */
export const hadCheckpoint = (s: BlueGreenSituation, p: Progress): boolean =>
  s.blueGreen.previewReplicaCount !== undefined &&
  s.old.blueGreen?.scaleUpPreviewCheckPoint === true &&
  !p.reset &&
  !p.abort &&
  !isRetry(s);

const needsPause = ({ blueGreen }: BlueGreenSituation): boolean =>
  blueGreen.autoPromotionEnabled === false || autoPromotionSeconds(blueGreen) > 0;

const pauseOf = (p: Progress) => p.pauses.find(({ reason }) => reason === BLUE_GREEN_PAUSE);

/** Begins the pause, and says when it is over. What ends it is done by `passGate`, once the switch is certain. */
export function standAtGate(s: BlueGreenSituation, p: Progress, facts: GateFacts): Gate {
  const closed = (why: string, progress = p): Gate => {
    s.draft.note('gate.wait', why);
    return { progress, open: false };
  };
  if (p.abort) return { progress: p, open: false };
  if (isFastTracked(s, p) && !isHalted(s, p)) return { progress: p, open: true };
  if (isHalted(s, p))
    return closed(s.rollout.spec.paused === true ? 'spec.paused is set' : 'an analysis waits for a decision');
  if (p.reset) return { progress: p, open: false };
  if (hadCheckpoint(s, p)) return { progress: p, open: true };
  if (!facts.analysed) {
    // The word that was given was about an inconclusive analysis: a new run has to follow it.
    const heard = p.pauses.length === 0 ? { ...p, controllerPause: false } : p;
    return closed('the analysis before the promotion is not done', heard);
  }
  if (!needsPause(s)) return { progress: p, open: true };
  if (!facts.ready)
    return closed(`waiting for pods: ${s.canary.available} of ${s.canary.size} are available`);
  const pause = pauseOf(p);
  if (pause === undefined && p.controllerPause) return { progress: p, open: true }; // someone promoted
  const seconds = secondsOf(s);
  const startTime = pause?.startTime ?? formatTime(s.now);
  if (pause === undefined) {
    s.draft.note('gate.pause', seconds === undefined ? 'pause until promoted' : `pause for ${seconds} s`);
  }
  if (seconds !== undefined) {
    const end = pauseEnd({ startTime }, seconds, s.now);
    if (pause !== undefined && s.now >= end) return { progress: p, open: true };
    s.draft.lookAgainAt(end);
  }
  if (pause !== undefined)
    return closed(seconds === undefined ? 'paused until someone promotes' : `paused for ${seconds} s`);
  return {
    open: false,
    progress: {
      ...p,
      pauses: [...p.pauses, { reason: BLUE_GREEN_PAUSE, startTime }],
      controllerPause: true,
    },
  };
}

/** Undefined: until someone promotes. */
const secondsOf = ({ blueGreen }: BlueGreenSituation): number | undefined =>
  blueGreen.autoPromotionEnabled === false ? undefined : autoPromotionSeconds(blueGreen);

/** The checkpoint after this pass: the preview has been judged, the rest of the pods may come. */
export function nextCheckpoint(s: BlueGreenSituation, p: Progress, gate: Gate & GateFacts): boolean {
  const { previewReplicaCount } = s.blueGreen;
  if (previewReplicaCount === undefined || p.reset || p.abort) return false;
  if (hadCheckpoint(s, p)) return true;
  return gate.open && gate.analysed && gate.ready && s.canary.available === previewReplicaCount;
}

/** The pause goes with what it held back: never before, or a write that fails would begin it anew. */
export function passGate(s: BlueGreenSituation, p: Progress, passed: boolean): Progress {
  if (!passed || s.rollout.spec.paused === true) return p;
  const pauses = p.pauses.filter(({ reason }) => reason !== BLUE_GREEN_PAUSE);
  return { ...p, pauses, controllerPause: pauses.length > 0 };
}
