/** From a metric to the Job that measures it (spec 05 section 8.3). Pure. */

import type { JobMetric } from '../../api/metric-provider.ts';
import type { KubeObject } from '../../kube/api.ts';
import { isObject } from '../../lang/json.ts';
import type { MeasureRequest } from '../types.ts';

/** On Jobs and their pods; the informers of both are restricted to it. */
export const RUN_UID_LABEL = 'analysisrun.argoproj.io/uid';
export const RUN_NAME_ANNOTATION = 'analysisrun.argoproj.io/name';
export const RUN_NAMESPACE_ANNOTATION = 'analysisrun.argoproj.io/namespace';
export const METRIC_ANNOTATION = 'analysisrun.argoproj.io/metric-name';

/** Names of Jobs become the value of a label on their pods. */
const MAX_NAME = 63;

/** `<run uid>.<metric>.<number>`; a metric's name that makes it too long loses its end. */
export function jobName(runUid: string, metric: string, number: number): string {
  const room = MAX_NAME - runUid.length - String(number).length - 2;
  return `${runUid}.${metric.slice(0, Math.max(0, room))}.${number}`;
}

/** The Job of the next measurement. `namespace`: that of the run, unless the controller has one for all Jobs. */
export function measurementJob(
  { metric, run, taken }: Pick<MeasureRequest, 'metric' | 'run' | 'taken'>,
  namespace: string,
): KubeObject {
  const config: JobMetric = metric.provider?.job ?? {};
  const spec = config.spec ?? {};
  const template = isObject(spec['template']) ? spec['template'] : {};
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const podLabels = isObject(metadata['labels']) ? metadata['labels'] : {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(run.uid, metric.name, taken + 1),
      namespace,
      labels: { ...config.metadata?.labels, [RUN_UID_LABEL]: run.uid },
      annotations: {
        ...config.metadata?.annotations,
        [RUN_NAME_ANNOTATION]: run.name,
        [RUN_NAMESPACE_ANNOTATION]: run.namespace,
        [METRIC_ANNOTATION]: metric.name,
      },
      // An owner must stand in the same namespace.
      ...(namespace === run.namespace ? { ownerReferences: [ownerOf(run)] } : {}),
    },
    spec: {
      ...spec,
      template: {
        ...template,
        metadata: { ...metadata, labels: { ...podLabels, [RUN_UID_LABEL]: run.uid } },
      },
    },
  };
}

/** Whether a Job that already has the wanted name was made for the same measurement, by us before a crash. */
export function isSameMeasurement(existing: KubeObject, wanted: KubeObject): boolean {
  const { labels, annotations, deletionTimestamp, ownerReferences } = existing.metadata;
  if (deletionTimestamp !== undefined) return false;
  if (annotations?.[METRIC_ANNOTATION] !== wanted.metadata.annotations?.[METRIC_ANNOTATION]) return false;
  const uid = wanted.metadata.labels?.[RUN_UID_LABEL];
  if (wanted.metadata.ownerReferences === undefined) return labels?.[RUN_UID_LABEL] === uid;
  return ownerReferences?.find(({ controller }) => controller === true)?.uid === uid;
}

const ownerOf = (run: MeasureRequest['run']) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  name: run.name,
  uid: run.uid,
  controller: true,
  blockOwnerDeletion: true,
});
