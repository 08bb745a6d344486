/** The worlds of the scenarios: small, and all alike but for what matters. */

import type { JsonObject } from '../../../src/lang/json.ts';
import type { History, HistoryEvent, Setup } from '../history.ts';
import { analysisTemplate, ingress, rollout, service } from '../manifests.ts';

export const second = (n: number): number => n * 1_000;

type Steps = readonly JsonObject[];

const history = (setup: Setup, events: readonly HistoryEvent[]): History => ({ seed: 1, setup, events });

/** A canary behind an ingress. */
export const routed = (
  steps: Steps,
  events: readonly HistoryEvent[],
  {
    canary = {},
    spec = {},
    setup = {},
  }: { canary?: JsonObject; spec?: JsonObject; setup?: Partial<Setup> } = {},
): History =>
  history(
    {
      objects: [
        analysisTemplate('success'),
        service('web-stable'),
        service('web-canary'),
        ingress('web-stable'),
      ],
      rollout: rollout(
        {
          canary: {
            steps: [...steps],
            stableService: 'web-stable',
            canaryService: 'web-canary',
            trafficRouting: { nginx: { stableIngress: 'web' } },
            ...canary,
          },
        },
        spec,
      ),
      processes: 1,
      source: 'rollout',
      ...setup,
    },
    events,
  );

/** A canary whose share of the pods is its weight. */
export const basic = (
  steps: Steps,
  events: readonly HistoryEvent[],
  {
    canary = {},
    spec = {},
    setup = {},
  }: { canary?: JsonObject; spec?: JsonObject; setup?: Partial<Setup> } = {},
): History =>
  history(
    {
      objects: [analysisTemplate('success'), service('web')],
      rollout: rollout({ canary: { steps: [...steps], ...canary } }, spec),
      processes: 1,
      source: 'rollout',
      ...setup,
    },
    events,
  );

export const blueGreen = (
  fields: JsonObject,
  events: readonly HistoryEvent[],
  { spec = {}, setup = {} }: { spec?: JsonObject; setup?: Partial<Setup> } = {},
): History =>
  history(
    {
      objects: [analysisTemplate('success'), service('web-active'), service('web-preview')],
      rollout: rollout(
        { blueGreen: { activeService: 'web-active', previewService: 'web-preview', ...fields } },
        spec,
      ),
      processes: 1,
      source: 'rollout',
      ...setup,
    },
    events,
  );
