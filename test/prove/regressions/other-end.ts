import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { second } from '../scenarios/worlds.ts';
import { podTemplate, rollout, service, SHOP } from '../manifests.ts';
import type { Regression } from './types.ts';

/** The weight that the router showed was that of the end it left: behind the other one there was nothing. */
export const otherEnd: Regression = {
  about:
    'a first version of a ping-pong pair keeps its traffic when the ends change parts, and blocks no fix',
  rules: [1, 2, 21],
  history: {
    seed: 1,
    setup: {
      objects: [
        service('web-ping'),
        service('web-pong'),
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'web-weights', namespace: SHOP },
          data: {
            canary: '0',
            stable: '100',
            canaryService: 'web-pong',
            stableService: 'web-ping',
            additional: '[]',
            managed: '[]',
          },
        },
      ],
      rollout: rollout(
        {
          canary: {
            pingPong: { pingService: 'web-ping', pongService: 'web-pong' },
            trafficRouting: RECORDER_ROUTING,
            dynamicStableScale: true,
            steps: [{ setWeight: 10 }, { setWeight: 100 }],
          },
        },
        { replicas: 2, template: podTemplate('bad-v1') },
      ),
      processes: 1,
      source: 'rollout',
      router: {},
    },
    events: [{ at: second(20), do: 'image', tag: 'v2' }],
  },
};
