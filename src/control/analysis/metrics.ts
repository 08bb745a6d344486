/** What `/metrics` tells of analysis (spec 08 section 5), as plain samples made from the stores. */

import type { KubeObject } from '../../kube/api.ts';
import { isObject } from '../../lang/json.ts';
import { providerType } from '../../providers/index.ts';

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const PHASES = ['Pending', 'Error', 'Failed', 'Successful', 'Running', 'Inconclusive'];

export function analysisRunSamples(run: KubeObject): MetricSample[] {
  const object = { namespace: run.metadata.namespace ?? '', name: run.metadata.name };
  const status = isObject(run['status']) ? run['status'] : {};
  const phase = phaseOf(status['phase']);
  const samples: MetricSample[] = [
    { name: 'analysis_run_info', labels: { ...object, phase }, value: 1 },
    ...PHASES.map((each) => ({
      name: 'analysis_run_phase',
      labels: { ...object, phase: each },
      value: each === phase ? 1 : 0,
    })),
  ];
  const results = listOf(status['metricResults']);
  for (const metric of metricsOf(run)) {
    const of = { ...object, metric: metric.name, type: metric.type };
    samples.push({ name: 'analysis_run_metric_type', labels: of, value: 1 });
    const result = results.find((each) => each['name'] === metric.name);
    if (result === undefined) continue;
    const current = phaseOf(result['phase']);
    for (const each of PHASES)
      samples.push({
        name: 'analysis_run_metric_phase',
        labels: { ...of, dry_run: String(result['dryRun'] === true), phase: each },
        value: each === current ? 1 : 0,
      });
  }
  return samples;
}

/** For an AnalysisTemplate, or a ClusterAnalysisTemplate, whose namespace is ''. */
export function analysisTemplateSamples(template: KubeObject): MetricSample[] {
  const object = { namespace: template.metadata.namespace ?? '', name: template.metadata.name };
  return [
    { name: 'analysis_template_info', labels: object, value: 1 },
    ...metricsOf(template).map((metric) => ({
      name: 'analysis_template_metric_info',
      labels: { ...object, type: metric.type, metric: metric.name },
      value: 1,
    })),
  ];
}

function metricsOf(object: KubeObject): { name: string; type: string }[] {
  const spec = isObject(object['spec']) ? object['spec'] : {};
  return listOf(spec['metrics']).map((metric) => ({
    name: String(metric['name'] ?? ''),
    type: isObject(metric['provider']) ? providerType({ provider: metric['provider'] }) : '',
  }));
}

const phaseOf = (phase: unknown): string => (typeof phase === 'string' && phase !== '' ? phase : 'Pending');
const listOf = (list: unknown) => (Array.isArray(list) ? list.filter(isObject) : []);
