/** Crashes, caches, leaders, revisions and ownership. */

import { analysisOf } from '../manifests.ts';
import type { Scenario } from './types.ts';
import { basic, blueGreen, routed, second } from './worlds.ts';

export const STATE: readonly Scenario[] = [
  {
    of: ['AR 1107', 'AR 942', 'AR 747', 'AR 3674'],
    title: 'crashes in a row between the writes of a release skip no step and start no second run',
    history: routed(
      [
        { setWeight: 25 },
        { analysis: analysisOf('success') },
        { pause: { duration: 10 } },
        { setWeight: 50 },
      ],
      [
        ...[1, 2, 3, 4, 5, 6].map((n) => ({
          at: second(29 + n * 4),
          do: 'aim' as const,
          fault: n % 2 === 0 ? ('crash-after-write' as const) : ('crash-before-write' as const),
          nth: n % 3 === 0 ? 2 : 1,
          forMs: second(2),
        })),
        { at: second(32), do: 'image', tag: 'v2' },
      ],
    ),
    end: /^Healthy/,
    tells: [/creates AnalysisRun web-\w+-2-1\b/],
    watch(happening, scene) {
      if (happening.what !== 'change' || happening.kind !== 'AnalysisRun') return undefined;
      return scene.objects('AnalysisRun').size > 1 ? 'a second AnalysisRun' : undefined;
    },
  },
  {
    of: ['AR 2117'],
    title: 'two leaders for a moment finish one release together, and once',
    history: routed(
      [{ setWeight: 25 }, { pause: { duration: 20 } }, { setWeight: 50 }],
      [
        { at: second(40), do: 'image', tag: 'v2' },
        { at: second(41), do: 'steal-lease' },
        { at: second(60), do: 'sleep', forMs: second(45), machine: true },
      ],
      { setup: { processes: 2 } },
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 4073', 'AR 3316', 'AR 2522', 'AR 4842'],
    title: 'a ReplicaSet whose creation was not answered is taken over, not made twice',
    history: basic(
      [{ setWeight: 50 }],
      [
        { at: second(29), do: 'aim', fault: 'lost-answer', nth: 1, target: 'ReplicaSet', forMs: 0 },
        {
          at: second(29),
          do: 'weather',
          fault: 'watch-delay',
          rate: 1,
          forMs: second(60),
          lengthMs: second(40),
          salt: 1,
          target: 'ReplicaSet',
        },
        { at: second(30), do: 'image', tag: 'v2' },
      ],
    ),
    end: /^Healthy/,
    watch: (happening, scene) =>
      happening.what === 'change' && scene.objects('ReplicaSet').size > 2 ? 'a third ReplicaSet' : undefined,
  },
  {
    of: ['AR 4140'],
    title: 'events of ReplicaSets that are lost are repaired by the next list',
    history: basic(
      [{ setWeight: 50 }],
      [
        {
          at: second(29),
          do: 'weather',
          fault: 'watch-drop',
          rate: 1,
          forMs: second(60),
          lengthMs: 0,
          salt: 1,
          target: 'ReplicaSet',
        },
        { at: second(30), do: 'image', tag: 'v2' },
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 1356', 'AR 4696', 'AR 4818'],
    title: 'a controller that is started again writes nothing by itself',
    history: routed(
      [{ setWeight: 50 }],
      [
        { at: second(60), do: 'crash', forMs: second(1) },
        { at: second(90), do: 'crash', forMs: second(1) },
      ],
    ),
    end: /^Healthy/,
    watch: (happening) =>
      happening.what === 'change' && happening.actor.role === 'sluice' && happening.actor.name !== 'a1'
        ? `${happening.actor.name} wrote ${happening.kind} ${happening.key}`
        : undefined,
  },
  {
    of: ['AR 1372', 'AR 1852'],
    title: 'a third version in mid-canary leaves the first one in charge',
    history: routed(
      [{ setWeight: 25 }, { pause: { duration: 30 } }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(45), do: 'image', tag: 'v3' },
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 3331', 'AR 3256'],
    title: 'a new template and a new size in one edit',
    history: routed(
      [{ setWeight: 50 }, { pause: { duration: 5 } }],
      [{ at: second(30), do: 'image-and-replicas', tag: 'v2', replicas: 7 }],
    ),
    end: /^Healthy/,
    tells: [/v2: 7 pods ready/],
  },
  {
    of: ['AR 4486'],
    title: 'a skipped step leaves no trace in the one after it',
    history: routed(
      [
        { setWeight: 25 },
        { pause: {} },
        { setCanaryScale: { replicas: 1 } },
        { setWeight: 50 },
        { pause: { duration: 5 } },
      ],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(50), do: 'command', command: 'skip' },
        { at: second(51), do: 'command', command: 'skip' },
      ],
    ),
    end: /^(Healthy|Paused)/,
  },
  {
    of: ['AR 2266', 'AR 2767', 'AR 3854'],
    title: 'a Rollout that is deleted gives the Services back as they were',
    history: routed(
      [{ setWeight: 50 }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(90), do: 'recreate', afterMs: second(20) },
      ],
    ),
    end: /^Healthy/,
    tells: [/9\d\.\d s {2}a1 updates Service web-stable: .*pod-template-hash "\w+" -> nothing/],
  },
  {
    of: ['AR 3333', 'AR 1052', 'AR 4371'],
    title: 'Healthy is said when the router agrees, not before',
    history: routed(
      [],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        {
          at: second(30),
          do: 'weather',
          fault: 'http-503',
          rate: 1,
          forMs: second(50),
          lengthMs: 0,
          salt: 2,
          target: 'Service',
        },
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 2023', 'AR 4571', 'AR 2855'],
    title: 'a release of two pauses takes no more than thirty writes beside its Events',
    history: basic(
      [{ setWeight: 25 }, { pause: { duration: 10 } }, { setWeight: 50 }, { pause: { duration: 10 } }],
      [{ at: second(30), do: 'image', tag: 'v2' }],
    ),
    end: /^Healthy/,
    watch: writesBelow(30),
  },
  {
    of: ['AR 4256', 'AR 4944'],
    title: 'metadata of the canary arrives at all of its pods although one of them cannot be written',
    history: routed(
      [{ setWeight: 50 }, { pause: { duration: 10 } }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(30), do: 'aim', fault: 'http-500', nth: 1, target: 'Pod', forMs: 0 },
      ],
      {
        canary: {
          canaryMetadata: { labels: { role: 'canary' } },
          stableMetadata: { labels: { role: 'stable' } },
        },
      },
    ),
    end: /^Healthy/,
  },
  {
    of: ['AR 908', 'AR 2119'],
    title: 'a restart evicts pods one by one and finishes',
    history: blueGreen({}, [{ at: second(30), do: 'command', command: 'restart' }]),
    end: /^Healthy/,
  },
  {
    of: ['CD 3484', 'CD 15058', 'CD 21599'],
    title: 'the syncer keeps everything while Git is away, and goes on with the newest commit afterwards',
    history: routed(
      [{ setWeight: 50 }],
      [
        { at: second(30), do: 'image', tag: 'v2' },
        { at: second(60), do: 'git', what: 'down' },
        { at: second(70), do: 'scale', replicas: 2, by: 'person' },
        { at: second(200), do: 'git', what: 'up' },
        { at: second(210), do: 'image', tag: 'v3' },
      ],
      { setup: { source: 'git' } },
    ),
    end: /^Healthy/,
    watch: (happening) =>
      happening.what === 'change' &&
      happening.verb === 'delete' &&
      happening.actor.role === 'sluice' &&
      happening.kind !== 'ReplicaSet'
        ? `${happening.kind} ${happening.key} was deleted`
        : undefined,
  },
  {
    of: ['CD 9570'],
    title: 'somebody who undoes Git again and again meets a back-off, and Git has the last word',
    history: basic(
      [{ setWeight: 50 }],
      Array.from({ length: 24 }, (_, n) => ({
        at: second(60 + n * 10),
        do: 'scale' as const,
        replicas: 6 + (n % 2),
        by: 'person' as const,
      })),
      { setup: { source: 'git' } },
    ),
    end: /^Healthy/,
    tells: [/a1 updates Rollout web: spec\.replicas [67] -> 4/, /v1: 4 pods ready/],
  },
];

function writesBelow(most: number): NonNullable<Scenario['watch']> {
  const seen = new WeakMap<object, number>();
  return (happening, scene) => {
    if (happening.what !== 'change' || happening.actor.role !== 'sluice' || happening.kind === 'Event')
      return undefined;
    const count = (seen.get(scene) ?? 0) + 1;
    seen.set(scene, count);
    return count > most ? `${count} writes` : undefined;
  };
}
