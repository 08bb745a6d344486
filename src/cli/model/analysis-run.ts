/** An AnalysisRun with its jobs, as the tree shows it (spec 09 section 6.4). Pure. */

import type { KubeObject } from '../../kube/api.ts';
import { byRevisionThenAge, countAt, createdAt, listAt, revisionOf, textAt } from './read.ts';

export interface JobModel {
  readonly name: string;
  readonly status: string;
  readonly createdAt: string;
}

export interface AnalysisRunModel {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly createdAt: string;
  readonly revision: number;
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly jobs: readonly JobModel[];
}

export function analysisRunModel(run: KubeObject): AnalysisRunModel {
  const results = listAt(run, 'status', 'metricResults');
  const sum = (field: string): number =>
    results.reduce<number>((total, result) => total + countAt(result, field), 0);
  return {
    name: run.metadata.name,
    status: textAt(run, 'status', 'phase') || 'Pending',
    message: textAt(run, 'status', 'message'),
    createdAt: createdAt(run),
    revision: revisionOf(run),
    successful: sum('successful'),
    failed: sum('failed'),
    inconclusive: sum('inconclusive'),
    error: sum('error'),
    jobs: results.flatMap((result) => listAt(result, 'measurements')).flatMap(jobOf),
  };
}

function jobOf(measurement: unknown): JobModel[] {
  const name = textAt(measurement, 'metadata', 'job-name');
  if (name === '') return [];
  return [{ name, status: textAt(measurement, 'phase'), createdAt: textAt(measurement, 'startedAt') }];
}

export const analysisRunModels = (runs: readonly KubeObject[]): AnalysisRunModel[] =>
  runs.map(analysisRunModel).toSorted(byRevisionThenAge);
