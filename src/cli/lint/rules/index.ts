/** Every rule, worst first. */

import type { Rule } from '../types.ts';
import { allDryRun } from './all-dry-run.ts';
import { badCondition } from './bad-condition.ts';
import { badQuery } from './bad-query.ts';
import { beforeTraffic } from './before-traffic.ts';
import { duplicateArg } from './duplicate-arg.ts';
import { endlessStep } from './endless-step.ts';
import { failureOnly } from './failure-only.ts';
import { filledWithZero } from './filled-with-zero.ts';
import { givenArgs } from './given-args.ts';
import { ignoredArgument } from './ignored-argument.ts';
import { indexOfEmpty } from './index-of-empty.ts';
import { intervalMissing } from './interval-missing.ts';
import { invalidMetric } from './invalid-metric.ts';
import { limitNeverReached } from './limit-never-reached.ts';
import { noCondition } from './no-condition.ts';
import { oneSidedLimit } from './one-sided-limit.ts';
import { onlyLength } from './only-length.ts';
import { openDivision } from './open-division.ts';
import { passingPolicy } from './passing-policy.ts';
import { passesOnNan } from './passes-on-nan.ts';
import { passesWithoutData } from './passes-without-data.ts';
import { severalSeries } from './several-series.ts';
import { undeclaredArg } from './undeclared-arg.ts';
import { unfilteredQuery } from './unfiltered-query.ts';
import { unusedArg } from './unused-arg.ts';
import { windowTooLong } from './window-too-long.ts';

export const RULES: readonly Rule[] = [
  noCondition,
  limitNeverReached,
  badCondition,
  badQuery,
  invalidMetric,
  intervalMissing,
  undeclaredArg,
  duplicateArg,
  givenArgs,
  failureOnly,
  passesWithoutData,
  passesOnNan,
  passingPolicy,
  onlyLength,
  filledWithZero,
  oneSidedLimit,
  indexOfEmpty,
  openDivision,
  ignoredArgument,
  severalSeries,
  unfilteredQuery,
  windowTooLong,
  endlessStep,
  beforeTraffic,
  allDryRun,
  unusedArg,
];
