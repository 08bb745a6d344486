/** Looked at: every field that a write of ours changes, and what is left of us when a Rollout is gone. */

import type { KubeObject } from '../../../src/kube/api.ts';
import { deepEqual, isObject } from '../../../src/lang/json.ts';
import { servicesOf } from './facts.ts';
import { at, beside, HASH, MANAGED_BY, ownerOf, TRACKING } from './read.ts';
import type { Change, Rule } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

const BOOKKEEPING =
  /^metadata\/(resourceVersion|generation|managedFields|uid|creationTimestamp|selfLink)(\/|$)/;

/** Paths, joined by `/`, that the controllers may change in objects that are not theirs alone. */
const OURS: Readonly<Record<string, RegExp>> = {
  Rollout: /^(status(\/|$)|metadata\/annotations\/rollout\.argoproj\.io~(revision|workload-generation)$)/,
  Service: new RegExp(`^(spec/selector/${HASH}|metadata/annotations/${MANAGED_BY.replaceAll('/', '~')})$`),
  ReplicaSet:
    /^(spec\/(replicas|minReadySeconds|template\/metadata\/|template\/spec\/affinity)|metadata\/(annotations|labels|ownerReferences|deletion\w+|finalizers)|status)/,
  Pod: /^(metadata\/(labels|annotations|deletion\w+|finalizers)|status)/,
  Deployment: /^spec\/replicas$/,
  AnalysisRun: /^(spec\/terminate|status|metadata\/(deletion\w+|finalizers|annotations))/,
};

export const rule22: Rule = {
  number: 22,
  sentence: 'Only owned fields change; everything is restored on delete.',
  threads: ['AR 2266', 'AR 2767', 'AR 3854', 'GW 203', 'GW 217'],
  needs: [],
  start: watching((checked) => {
    const controllers = new Map<number, string>();
    /** Services of Rollouts that are gone. */
    const left = new Map<string, Set<string>>();
    return {
      see(happening, scene) {
        if (happening.what === 'pass') {
          if (happening.state === 'begins') controllers.set(happening.id, happening.controller);
          if (controllers.size > 500) controllers.delete(controllers.keys().next().value ?? -1);
        }
        if (happening.what !== 'change') return undefined;
        const { kind, key, before, after } = happening;
        if (kind === 'Rollout' && after !== undefined) left.delete(key);
        if (kind === 'Rollout' && after === undefined && before !== undefined)
          left.set(key, new Set(Object.values(servicesOf(before)).map((name) => beside(key, name))));
        if (!isOurs(happening) || before === undefined || after === undefined) return undefined;
        // What the syncer applies is Git's, and its rules are 27.
        const applied = before.metadata.annotations?.[TRACKING] ?? after.metadata.annotations?.[TRACKING];
        const controller = controllers.get(happening.actor.pass ?? -1);
        if (controller === 'Applications' || (applied !== undefined && controller === undefined))
          return undefined;
        const foreign = foreignField(happening, before, after);
        checked();
        if (foreign === undefined) return undefined;
        return violation(
          22,
          scene,
          `${writer(happening)} changed ${foreign} of ${kind} ${key}, which is not ours`,
          `${kind} ${key}`,
        );
      },
      end(scene) {
        for (const [rollout, services] of left)
          for (const key of services) {
            checked();
            const service = scene.get('Service', key);
            const used = [...scene.rollouts()].some((other) =>
              Object.values(servicesOf(other.rollout)).some((name) => beside(other.key, name) === key),
            );
            const marked =
              at(service, 'spec', 'selector', HASH) !== undefined ||
              service?.metadata.annotations?.[MANAGED_BY] !== undefined;
            if (service === undefined || used || !marked) continue;
            return violation(
              22,
              scene,
              `Rollout ${rollout} is gone, and Service ${key} still has what it put there`,
              `Service ${key}`,
            );
          }
        return undefined;
      },
    };
  }),
};

function foreignField({ kind }: Change, before: KubeObject, after: KubeObject): string | undefined {
  const allowed = OURS[kind];
  if (kind === 'Ingress') return ownerOf(after, 'Rollout') === undefined ? 'a field' : undefined;
  if (allowed === undefined) return undefined;
  for (const path of changedPaths(before, after)) {
    if (kind === 'Rollout' && path.startsWith('spec/template/') && isUnreadable(before, after, path))
      continue;
    if (BOOKKEEPING.test(path) || allowed.test(path)) continue;
    // A size that nobody gave is filled in, as an API server would.
    if (kind === 'Rollout' && path === 'spec/replicas' && at(before, 'spec', 'replicas') === undefined)
      continue;
    return path.replaceAll('/', '.').replaceAll('~', '/');
  }
  return undefined;
}

/** What no client can read is taken out (spec 08 section 3): it is all that changed below this path. */
function isUnreadable(before: KubeObject, after: KubeObject, path: string): boolean {
  const steps = path.split('/');
  return takenOut(at(before, ...steps), at(after, ...steps), path);
}

function takenOut(before: unknown, after: unknown, path: string): boolean {
  if (after === undefined && before !== undefined)
    return EPHEMERAL.test(path) || (IS_QUANTITY.test(path) && !QUANTITY.test(String(before)));
  if (Array.isArray(before) && Array.isArray(after))
    return (
      before.length === after.length && before.every((item, i) => takenOut(item, after[i], `${path}/${i}`))
    );
  if (!isObject(before) || !isObject(after)) return deepEqual(before as never, after as never);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].every((key) =>
    takenOut(before[key], after[key], `${path}/${key.replaceAll('/', '~')}`),
  );
}

const EPHEMERAL = /^spec\/template\/spec\/ephemeralContainers$/;
/** Fields of a pod template that hold one. */
const IS_QUANTITY = /\/(limits|requests|overhead)\/[^/]+$|\/(sizeLimit|divisor)$/;
const QUANTITY = /^[+-]?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;

function* changedPaths(before: unknown, after: unknown, path = ''): Generator<string> {
  if (before === after) return;
  const [a, b] = [before ?? (isObject(after) ? {} : before), after ?? (isObject(before) ? {} : after)];
  if (!isObject(a) || !isObject(b)) {
    if (!deepEqual(before, after)) yield path;
    return;
  }
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const here = path === '' ? name : `${path}/${name.replaceAll('/', '~')}`;
    yield* changedPaths(a[name], b[name], here);
  }
}
