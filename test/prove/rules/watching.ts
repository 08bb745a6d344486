/** What all rules have in common: counting what they decided, and saying what they found. */

import { ownerOf } from './read.ts';
import type { Actor, Change, Happening, RolloutScene, Scene, Violation, Watcher } from './types.ts';

/** What a rule keeps of one history; `checked` is called whenever it had something to decide. */
export type Making = (checked: () => void) => Pick<Watcher, 'see' | 'end'>;

export const watching = (make: Making) => (): Watcher => {
  let checks = 0;
  const { see, end } = make(() => {
    checks++;
  });
  return {
    see,
    ...(end === undefined ? {} : { end }),
    get checks(): number {
      return checks;
    },
  };
};

export const violation = (
  rule: number,
  scene: Scene,
  text: string,
  ...objects: readonly string[]
): Violation => ({ rule, at: scene.now, text, objects });

export type OurChange = Change & { readonly actor: Actor & { readonly role: 'sluice' } };

/** A state change by one of our processes. */
export const isOurs = (happening: Happening): happening is OurChange =>
  happening.what === 'change' && happening.actor.role === 'sluice';

/** One that is made, or taken back after it had lost its owner, may come back to what selects it already. */
export const isNewReplicaSet = ({ kind, before }: Change): boolean =>
  kind === 'ReplicaSet' && (before === undefined || ownerOf(before, 'Rollout') === undefined);

export const writer = (change: Change): string => `${change.actor.role} ${change.actor.name}`.trim();

/** The Rollouts whose scene a change of ours may have changed. */
export function* touched(change: Change, scene: Scene): Generator<RolloutScene> {
  const object = change.after ?? change.before;
  if (object === undefined) return;
  if (['Service', 'Ingress', 'ConfigMap'].includes(change.kind)) {
    for (const rollout of scene.rollouts())
      if (rollout.key.startsWith(`${object.metadata.namespace ?? ''}/`)) yield rollout;
    return;
  }
  if (!['Rollout', 'ReplicaSet', 'Pod'].includes(change.kind)) return;
  // An owner may have been taken away, or come back.
  const owners = [change.before, change.after].map((one) => one && scene.rolloutOf(change.kind, one));
  for (const rollout of new Set(owners)) if (rollout !== undefined) yield rollout;
}

export const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;

export const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** After it, a process may measure time wrongly. */
export const isClockFault = (kind: string): boolean => kind.includes('clock') || kind.startsWith('machine');

/** How long after a machine stood still its wall clock is set right, which is a jump of its own. */
export const SET_RIGHT_MS = 20_000;
