import { twoSyncers } from './two-syncers.ts';
import type { Regression } from './types.ts';

export const REGRESSIONS: readonly Regression[] = [twoSyncers];
