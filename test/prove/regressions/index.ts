import { answerOfAnother } from './answer-of-another.ts';
import { abortedForGood } from './aborted-for-good.ts';
import {
  abortBesideNoStable,
  abortOfTheIncomplete,
  abortOfTheUnreadable,
} from './abort-of-the-unreadable.ts';
import {
  brokenStableBasic,
  brokenStableDown,
  brokenStableDownFromAll,
  brokenStableDynamic,
  brokenStableDynamicTwice,
  brokenStableRouted,
  servesAlone,
} from './broken-stable.ts';
import { editedTemplate } from './edited-template.ts';
import { evidenceOfOtherSteps } from './evidence-of-other-steps.ts';
import { firstPods, lastReadyPod } from './first-pods.ts';
import { healthyBeforeReady, healthyTooEarly } from './healthy-too-early.ts';
import { lateBefore, lateForAnAnalysis, lateWhileRefused } from './late-before.ts';
import { lostRoute, lostSwitch, slowAbort } from './lost-switch.ts';
import { matchWeight } from './match-weight.ts';
import { mirroredToNobody, mirroredToTheOtherEnd } from './mirrored-to-nobody.ts';
import { oldPlan } from './old-plan.ts';
import { otherEnd } from './other-end.ts';
import { raisedBefore } from './raised-before.ts';
import { restartAtFullSize, restartAtPromotion } from './restart-at-full-size.ts';
import { restartWhileItShrinks } from './restart-while-it-shrinks.ts';
import { restartBesideBroken, restartWithoutServices } from './restart-without-services.ts';
import { resumedWhilePaused } from './resumed-while-paused.ts';
import { roomOfTheNext } from './room-of-the-next.ts';
import { servedOnce, servesForLong } from './served-once.ts';
import { shrinksWithTheWeight } from './shrinks-with-the-weight.ts';
import { smallerCanary } from './smaller-canary.ts';
import { smallerWeight } from './smaller-weight.ts';
import { stableVanishes, stableVanishesUnderWeight } from './stable-vanishes.ts';
import { stableWholeAgain } from './stable-whole-again.ts';
import { takenBack } from './taken-back.ts';
import { tooLateForAnAbort } from './too-late-for-an-abort.ts';
import { twoParts } from './two-parts.ts';
import { twoSyncers } from './two-syncers.ts';
import { twoWords } from './two-words.ts';
import { unheardRun } from './unheard-run.ts';
import { unreadableInGit } from './unreadable-in-git.ts';
import { healthyBeside, metadataOfFirstPods, rewrittenAndGrown } from './world-agrees.ts';
import type { Regression } from './types.ts';

export const REGRESSIONS: readonly Regression[] = [
  twoSyncers,
  smallerWeight,
  healthyTooEarly,
  healthyBeforeReady,
  lostSwitch,
  lostRoute,
  slowAbort,
  firstPods,
  lastReadyPod,
  matchWeight,
  servedOnce,
  servesForLong,
  unheardRun,
  editedTemplate,
  otherEnd,
  smallerCanary,
  shrinksWithTheWeight,
  restartAtFullSize,
  restartAtPromotion,
  brokenStableRouted,
  brokenStableDown,
  brokenStableDownFromAll,
  brokenStableDynamic,
  brokenStableDynamicTwice,
  servesAlone,
  rewrittenAndGrown,
  metadataOfFirstPods,
  healthyBeside,
  brokenStableBasic,
  roomOfTheNext,
  oldPlan,
  mirroredToNobody,
  mirroredToTheOtherEnd,
  stableVanishes,
  stableVanishesUnderWeight,
  unreadableInGit,
  lateBefore,
  lateWhileRefused,
  lateForAnAnalysis,
  abortOfTheUnreadable,
  abortOfTheIncomplete,
  abortBesideNoStable,
  restartWhileItShrinks,
  restartWithoutServices,
  restartBesideBroken,
  raisedBefore,
  answerOfAnother,
  tooLateForAnAbort,
  takenBack,
  stableWholeAgain,
  twoParts,
  twoWords,
  resumedWhilePaused,
  abortedForGood,
  evidenceOfOtherSteps,
];
