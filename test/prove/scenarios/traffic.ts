/** Weights, selectors and the pods behind them. */

import type { Scenario } from './types.ts';
import { basic, blueGreen, routed, second } from './worlds.ts';

export const TRAFFIC: readonly Scenario[] = [
  {
    of: ['AR 2050', 'AR 3020'],
    title:
      'an autoscaler that doubles the Rollout in mid-canary does not leave the canary with a weight that it cannot carry',
    history: routed(
      [{ setWeight: 25 }, { pause: { duration: 20 } }, { setWeight: 75 }],
      [
        { at: second(30), do: 'image', tag: 'slow-v2' },
        { at: second(40), do: 'scale', replicas: 8, by: 'hpa' },
        { at: second(70), do: 'scale', replicas: 3, by: 'hpa' },
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 3941', 'AR 4607'],
    title: 'a weight is not raised while pods of the canary are away, and goes on when they are back',
    history: routed(
      [{ setWeight: 25 }, { pause: { duration: 10 } }, { setWeight: 100 }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(41), do: 'kill-pods', count: 4, of: 'canary' },
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 4390', 'AR 2235', 'AR 1731'],
    title: 'an abort in mid-canary never leaves a route without pods',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(50), do: 'command', command: 'abort' },
        { at: second(70), do: 'command', command: 'retry' },
        { at: second(80), do: 'command', command: 'abort' },
      ],
    ),
    end: /^Degraded \(RolloutAborted/,
    watch: noFailedRequest,
  },
  {
    of: ['AR 2641'],
    title: 'a switch of a blue-green Rollout waits for its pods, and clients see no gap',
    history: blueGreen({ scaleDownDelaySeconds: 5 }, [{ at: second(30), do: 'image', tag: 'slow-v2' }]),
    end: /^Healthy/,
    watch: noFailedRequest,
  },
  {
    of: ['AR 3926', 'AR 4595', 'AR 4433'],
    title: 'the old version keeps its pods until a router that cannot be written has let go of it',
    history: routed(
      [{ setWeight: 50 }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        {
          at: second(31),
          do: 'weather',
          fault: 'http-500',
          rate: 1,
          forMs: second(60),
          lengthMs: 0,
          salt: 1,
          target: 'Ingress',
        },
      ],
    ),
    end: /^Healthy/,
    watch: noFailedRequest,
  },
  {
    of: ['AR 4424', 'AR 3470'],
    title: 'weights of a router whose whole is 1000 sum to it',
    history: routed(
      [{ setWeight: 5 }, { pause: { duration: 5 } }, { setWeight: 995 }],
      [{ at: second(30), do: 'image', tag: 'v2' }],
      {
        canary: { trafficRouting: { nginx: { stableIngress: 'web' }, maxTrafficWeight: 1000 } },
      },
    ),
    end: /^Healthy/,
    tells: [/canary-weight "0" -> "5"/],
  },
  {
    of: ['AR 777', 'AR 1966'],
    title: 'an aborted basic canary has its stable pods back before the canary loses its own',
    history: basic(
      [{ setWeight: 75 }, { pause: {} }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(70), do: 'command', command: 'abort' },
      ],
    ),
    end: /^Degraded \(RolloutAborted/,
    watch: noFailedRequest,
  },
  {
    of: ['AR 1068'],
    title: 'a restart replaces pods no faster than maxUnavailable allows',
    history: basic([], [{ at: second(30), do: 'command', command: 'restart' }], {
      canary: { maxUnavailable: 1 },
    }),
    end: /^Healthy/,
    watch: noFailedRequest,
  },
  {
    of: ['AR 3078', 'AR 4973', 'recording nginx-canary', 'recording nginx-max-weight'],
    title: 'after an abort the selector of the canary Service moves once and does not flap',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(50), do: 'command', command: 'abort' },
      ],
    ),
    end: /^Degraded \(RolloutAborted/,
    watch: atMost(4, 'Service', 'web-canary'),
  },
  {
    of: ['AR 1665', 'AR 4841'],
    title: 'an autoscaler that grows an aborted Rollout brings no traffic back to its canary',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(50), do: 'command', command: 'abort' },
        { at: second(51), do: 'scale', replicas: 7, by: 'hpa' },
        { at: second(60), do: 'scale', replicas: 2, by: 'hpa' },
      ],
    ),
    end: /^Degraded \(RolloutAborted/,
  },
  {
    of: ['AR 1292'],
    title: 'aborting with nothing in progress changes nothing',
    history: routed([{ setWeight: 50 }], [{ at: second(30), do: 'command', command: 'abort' }]),
    end: /^Healthy/,
    watch: atMost(1, 'ReplicaSet'),
  },
];

/** No request of a client failed, other than by the application itself. */
function noFailedRequest(happening: Parameters<NonNullable<Scenario['watch']>>[0]): string | undefined {
  // The first pods are not there yet.
  if (happening.what !== 'traffic' || happening.ok || happening.fromApplication) return undefined;
  return happening.at - Date.UTC(2026, 0, 1) < second(20)
    ? undefined
    : `a request failed: ${happening.reason}`;
}

/** At most so many writes of ours to objects of this kind (and name). */
function atMost(most: number, kind: string, name?: string): NonNullable<Scenario['watch']> {
  const seen = new WeakMap<object, number>();
  return (happening, scene) => {
    if (happening.what !== 'change' || happening.actor.role !== 'sluice' || happening.kind !== kind)
      return undefined;
    if (name !== undefined && !happening.key.endsWith(`/${name}`)) return undefined;
    const count = (seen.get(scene) ?? 0) + 1;
    seen.set(scene, count);
    return count > most ? `${count} writes of ${kind} ${name ?? ''}` : undefined;
  };
}
