/** Looked at: how often we write one pod, and whether each pod has its metadata when a history is over. */

import type { KubeObject } from '../../../src/kube/api.ts';
import { strategyFields } from './facts.ts';
import { beside, hashOf, ownerOf, recordAt } from './read.ts';
import type { Rule, RolloutScene, Scene } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

/** A pod changes its role a few times in its life. */
const WRITES_OF_ONE_POD = 20;

export const rule25: Rule = {
  number: 25,
  sentence: 'Work per pod is isolated and converges after completion.',
  threads: ['AR 4256', 'AR 4944'],
  needs: [],
  start: watching((checked) => {
    const writes = new Map<string, number>();
    return {
      see(happening, scene) {
        if (!isOurs(happening) || happening.kind !== 'Pod') return undefined;
        const pod = `${happening.key} ${(happening.after ?? happening.before)?.metadata.uid ?? ''}`;
        const count = (writes.get(pod) ?? 0) + 1;
        writes.set(pod, count);
        checked();
        return count <= WRITES_OF_ONE_POD
          ? undefined
          : violation(
              25,
              scene,
              `${writer(happening)} wrote Pod ${happening.key} ${count} times`,
              `Pod ${happening.key}`,
            );
      },
      end(scene) {
        for (const rollout of scene.rollouts()) {
          const { status, metadata } = rollout.rollout;
          // Its spec or its verdict holds everything.
          if (rollout.ending || String(status?.observedGeneration) !== String(metadata.generation)) continue;
          if (status?.phase !== 'Healthy' && status?.phase !== 'Paused') continue;
          for (const pod of podsOf(rollout, scene)) {
            const wanted = metadataOf(rollout, pod.hash);
            if (wanted === undefined) continue;
            checked();
            const missing = missingFrom(pod.object, wanted, rollout);
            if (missing !== undefined)
              return violation(
                25,
                scene,
                `Pod ${pod.key} of version ${pod.hash} has not got ${missing}`,
                `Pod ${pod.key}`,
              );
          }
        }
        return undefined;
      },
    };
  }),
};

function* podsOf(
  rollout: RolloutScene,
  scene: Scene,
): Generator<{ key: string; hash: string; object: KubeObject }> {
  for (const [key, object] of scene.objects('Pod')) {
    const set = ownerOf(object, 'ReplicaSet');
    const hash = set === undefined ? undefined : hashOf(scene.get('ReplicaSet', beside(key, set.name)));
    if (hash !== undefined && rollout.versions.has(hash) && object.metadata.deletionTimestamp === undefined)
      yield { key, hash, object };
  }
}

function metadataOf(rollout: RolloutScene, hash: string): Readonly<Record<string, unknown>> | undefined {
  const fields = strategyFields(rollout.rollout);
  const names =
    rollout.strategy === 'blueGreen'
      ? ['activeMetadata', 'previewMetadata']
      : ['stableMetadata', 'canaryMetadata'];
  const [ofStable, ofNew] = names.map((name) => fields[name]);
  const role = hash === rollout.stable ? ofStable : hash === rollout.current ? ofNew : undefined;
  return role === undefined ? undefined : (role as Readonly<Record<string, unknown>>);
}

function missingFrom(pod: KubeObject, wanted: unknown, rollout: RolloutScene): string | undefined {
  const selected = recordAt(rollout.rollout, 'spec', 'selector', 'matchLabels');
  for (const what of ['labels', 'annotations'] as const)
    for (const [name, value] of Object.entries(recordAt(wanted, what))) {
      if (what === 'labels' && Object.hasOwn(selected, name)) continue;
      if (pod.metadata[what]?.[name] !== value) return `${what} ${name}=${String(value)}`;
    }
  return undefined;
}
