/** Rollouts that are gone: each is told of once, on the object as it was last known (spec 08 section 6). */

import type { KubeObject } from '../../kube/api.ts';
import type { Change, ControlContext } from '../controller.ts';

export class Departed {
  readonly #events: ControlContext['events'];
  readonly #gone = new Map<string, KubeObject>();

  constructor(context: Pick<ControlContext, 'events'>) {
    this.#events = context.events;
  }

  /** To be called with every change of a Rollout. */
  notice({ key, before, after }: Change): void {
    if (after === undefined && before !== undefined) this.#gone.set(key, before);
  }

  /** To be called first in every pass, also over one that came in the place of another. */
  tell(key: string): void {
    const object = this.#gone.get(key);
    if (object === undefined) return;
    this.#gone.delete(key);
    const { namespace = '', name } = object.metadata;
    this.#events.record(object, {
      type: 'Normal',
      reason: 'RolloutDeleted',
      message: `Rollout ${name}/${namespace} is deleted.`,
    });
  }
}
