/** AnalysisRuns as the stores hold them: their own controller and that of their Rollout read each one once. */

import { analysisRunSchema } from '../api/analysis.ts';
import { decoderOf } from '../api/decode.ts';

export const decodeRun = decoderOf(analysisRunSchema);
