/** AnalysisRuns as the stores hold them: their own controller and that of their Rollout read each one once. */

import { analysisRunSchema } from '../api/analysis.ts';
import { decode } from '../api/decode.ts';
import type { KubeObject } from '../kube/api.ts';
import { deepFreeze } from '../lang/json.ts';
import { memoizeFrozen } from '../lang/memo.ts';

export const decodeRun = memoizeFrozen((object: KubeObject) => deepFreeze(decode(analysisRunSchema, object)));
