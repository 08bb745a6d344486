/**
 * Looked at: an abort while the newest version is stable, and everything that we write after it. A change that no status
 * knows yet is in progress: another template, or another generation of the workload that has it.
 */

import { at, hashOf, sizeOf, textAt } from './read.ts';
import { sharesOf } from './routes.ts';
import type { RolloutScene, Rule, Scene } from './types.ts';
import { isOurs, touched, violation, watching, writer } from './watching.ts';
import { knowsNewest, workloadOf } from './workload.ts';

export const rule08: Rule = {
  number: 8,
  sentence: 'Aborting with nothing in progress changes nothing; stable is never scaled by it.',
  threads: ['AR 1292'],
  needs: [],
  start: watching((checked) => {
    const idle = new Map<string, { at: number; template: string }>();
    const shares = new Map<string, string>();
    return {
      see(happening, scene) {
        if (happening.what !== 'change' || happening.kind === 'Pod') return undefined;
        for (const rollout of touched(happening, scene)) {
          const { key, stable } = rollout;
          const before = shares.get(key);
          const after = JSON.stringify([...sharesOf(scene.routes(key))].sort());
          shares.set(key, after);
          const aborted = idle.get(key);
          if (aborted !== undefined && Math.max(rollout.lastUserChangeAt, scene.meddledAt(key)) > aborted.at)
            idle.delete(key);
          if (aborted !== undefined && workloadTemplate(rollout, scene) !== aborted.template)
            idle.delete(key);
          if (happening.kind === 'Rollout' && !isOurs(happening)) {
            const asked =
              at(happening.after, 'status', 'abort') === true &&
              at(happening.before, 'status', 'abort') !== true;
            const healthy =
              textAt(happening.before, 'status', 'phase') === 'Healthy' &&
              stable === rollout.current &&
              knowsNewest(rollout, scene);
            if (asked && healthy && rollout.versions.get(stable ?? '')?.size === rollout.desired)
              idle.set(key, { at: scene.now, template: workloadTemplate(rollout, scene) });
            continue;
          }
          if (!isOurs(happening) || !idle.has(key)) continue;
          checked();
          const resized =
            happening.kind === 'ReplicaSet' &&
            // One that somebody deleted comes back as it was.
            (happening.before !== undefined || sizeOf(happening.after) !== rollout.desired) &&
            hashOf(happening.after ?? happening.before) === stable &&
            sizeOf(happening.before) !== sizeOf(happening.after);
          const moved = ['Service', 'Ingress', 'ConfigMap'].includes(happening.kind) && before !== after;
          const blamed =
            happening.kind === 'Rollout' &&
            textAt(happening.before, 'status', 'phase') === 'Healthy' &&
            textAt(happening.after, 'status', 'phase') === 'Degraded' &&
            textAt(happening.after, 'status', 'message')?.startsWith('RolloutAborted') === true;
          if (!resized && !moved && !blamed) continue;
          return violation(
            8,
            scene,
            `${writer(happening)} ${resized ? 'scaled stable' : moved ? 'moved traffic' : 'made it Degraded'} after an abort with nothing in progress`,
            `Rollout ${key}`,
            `${happening.kind} ${happening.key}`,
          );
        }
        return undefined;
      },
    };
  }),
};

const workloadTemplate = (rollout: RolloutScene, scene: Scene): string =>
  JSON.stringify(at(workloadOf(rollout, scene), 'spec', 'template')) ?? '';
