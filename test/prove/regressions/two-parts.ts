import { routed, second } from '../scenarios/worlds.ts';
import type { Regression } from './types.ts';

/** The Services of stable and canary were a ping-pong pair as well, and each pass wrote them back and forth. */
export const twoParts: Regression = {
  about: 'an abort under a spec that gives a Service two parts moves it at most once',
  rules: [2, 6, 7, 24],
  most: { of: 'Service', writes: 12 },
  history: routed(
    [{ setWeight: 50 }, { pause: {} }],
    [
      { at: second(20), do: 'image', tag: 'v2' },
      {
        at: second(50),
        do: 'break',
        what: 'a pair of the Services that there are',
        of: 'Rollout/web',
        change: {
          spec: {
            strategy: {
              canary: {
                pingPong: { pingService: 'web-stable', pongService: 'web-canary' },
                trafficRouting: { nginx: null, alb: { servicePort: 80, ingress: 'web' } },
              },
            },
          },
        },
      },
      { at: second(60), do: 'command', command: 'abort' },
      { at: second(90), do: 'mend' },
    ],
  ),
};
