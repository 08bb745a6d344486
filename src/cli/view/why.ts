/** What `why` shows a person: the reason, the gates that it is about, and the ways on. Pure. */

import { formatDuration } from '../../lang/duration.ts';
import type { GateState, MetricState } from '../../plan/why/gate.ts';
import type { Explanation } from '../../plan/why/explain.ts';
import { printable } from './style.ts';

export interface WhyModel extends Explanation {
  readonly name: string;
  readonly namespace: string;
  readonly phase: string;
}

export function whyLines(model: WhyModel, now: number): string[] {
  const { name, namespace, phase, text, since, gates, ways } = model;
  return [
    `Rollout ${namespace}/${name}: ${phase}`,
    `${text}`,
    ...(since === undefined || model.cause === 'pause' ? [] : [`last progress ${ago(now - since)} ago`]),
    ...gates.flatMap(gateLines),
    ...(ways.length === 0 ? [] : ['', 'What can be done:']),
    ...ways.map(
      ({ about, command }) => `  ${about}${command === undefined ? '' : `: kubectl sluice ${command}`}`,
    ),
  ].map(printable);
}

const ago = (ms: number): string => formatDuration(Math.max(0, Math.round(ms / 1000)) * 1000);

function gateLines({ run, phase, metrics }: GateState): string[] {
  return ['', `AnalysisRun ${run}: ${phase}`, ...metrics.flatMap(metricLines)];
}

function metricLines(metric: MetricState): string[] {
  const { name, provider, query, conditions, phase, taken, wanted, failed, failuresAllowed } = metric;
  const { lastValue, lastPhase, lastMessage } = metric;
  const failures =
    failuresAllowed < 0 ? `${failed} failed` : `${failed} failed of ${failuresAllowed} allowed`;
  const last =
    lastPhase === undefined
      ? 'not measured yet'
      : `last ${lastValue ?? 'without a value'} (${lastPhase}${lastMessage === undefined ? '' : `: ${lastMessage}`})`;
  return [
    `  ${name}: ${phase}, ${taken}${wanted === undefined ? '' : ` of ${wanted}`} measured, ${failures}, ${last}`,
    ...conditions.map((condition) => `    ${condition}`),
    ...(query === undefined ? [] : [`    ${provider}: ${query}`]),
  ];
}
