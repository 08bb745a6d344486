/**
 * Looked at: what the syncer prunes, how often it takes one object back, and which template it brings back after the
 * version was found bad.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import { at, TRACKING } from './read.ts';
import type { Rule, Scene } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

/** With a back-off of 2, 6, 18, ... seconds at most five in so long. */
const HEALS = 8;
const HEALS_WITHIN_MS = 5 * 60_000;

export const rule27: Rule = {
  number: 27,
  sentence:
    'The syncer never empties an application by accident, backs off and recovers when it self-heals, and never ' +
    're-applies a revision that was found bad.',
  threads: ['CD 3484', 'CD 15058', 'CD 21599', 'CD 9570'],
  needs: [],
  start: watching((checked) => {
    const heals = new Map<string, number[]>();
    /** Templates that were found bad, by the Rollout, with the number of commits at that time. */
    const bad = new Map<string, { template: string; commits: number }[]>();
    let commits = 0;
    return {
      see(happening, scene) {
        if (happening.what === 'commit') {
          commits++;
          heals.clear();
        }
        if (happening.what !== 'change') return undefined;
        const { kind, key, before, after } = happening;
        if (!isOurs(happening)) {
          // Its status is no subresource, so that ours change the generation, too.
          if (kind === 'Application' && before?.metadata.generation !== after?.metadata.generation)
            heals.clear();
          return undefined;
        }
        const app = appOf(before ?? after);
        if (
          kind === 'Rollout' &&
          at(before, 'status', 'abort') !== true &&
          at(after, 'status', 'abort') === true
        )
          bad.set(key, [...(bad.get(key) ?? []), { template: templateOf(after), commits }]);
        if (app === undefined || happening.subresource !== undefined) return undefined;
        if (after === undefined) {
          checked();
          return isEmptied(app, scene)
            ? violation(
                27,
                scene,
                `${writer(happening)} deleted ${kind} ${key}, the last object of application ${app}`,
                `${kind} ${key}`,
              )
            : undefined;
        }
        if (before === undefined || before.metadata.generation === after.metadata.generation)
          return undefined;
        checked();
        const again = (bad.get(key) ?? []).find(
          (one) => one.template === templateOf(after) && one.commits === commits,
        );
        if (kind === 'Rollout' && again !== undefined && templateOf(before) !== templateOf(after))
          return violation(
            27,
            scene,
            `${writer(happening)} applied a template to ${key} that was found bad, and no commit came since`,
            `Rollout ${key}`,
          );
        const list = [...(heals.get(`${kind} ${key}`) ?? []), scene.now].filter(
          (time) => time > scene.now - HEALS_WITHIN_MS,
        );
        heals.set(`${kind} ${key}`, list);
        return list.length <= HEALS
          ? undefined
          : violation(
              27,
              scene,
              `${writer(happening)} took ${kind} ${key} back ${list.length} times in ${HEALS_WITHIN_MS / 60_000} min`,
              `${kind} ${key}`,
            );
      },
    };
  }),
};

/** `app` of the tracking id `app:group/kind:namespace/name`, unless it was copied from another object (ReplicaSets). */
const appOf = (object: KubeObject | undefined): string | undefined => {
  const [app, kind, key] = object?.metadata.annotations?.[TRACKING]?.split(':') ?? [];
  const own =
    object !== undefined &&
    kind?.split('/').at(-1) === object.kind &&
    key === `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  return own ? app : undefined;
};

const templateOf = (rollout: KubeObject | undefined): string =>
  JSON.stringify(at(rollout, 'spec', 'template') ?? null);

function isEmptied(app: string, scene: Scene): boolean {
  for (const [, application] of scene.objects('Application')) {
    if (application.metadata.name !== app || application.metadata.deletionTimestamp !== undefined) continue;
    if (at(application, 'spec', 'syncPolicy', 'automated', 'allowEmpty') === true) return false;
    for (const kind of scene.kinds())
      for (const object of scene.objects(kind).values())
        if (appOf(object) === app && object.metadata.deletionTimestamp === undefined) return false;
    return true;
  }
  return false;
}
