/** How many Rollouts are done with an image, from a watch: nothing is listed, however many there are. */

import type { KubeApi, KubeObject } from '../../../src/kube/api.ts';
import { keyOf } from '../../../src/kube/api.ts';
import { ROLLOUT } from '../../../src/kube/kinds.ts';

/** No Rollout has got anywhere for so long. */
const STALL_MS = 120_000;

export class Progress {
  readonly #doneWith = new Map<string, string>();
  readonly #count: number;
  readonly #stop = new AbortController();
  #heardAt = performance.now();
  #failure: unknown;

  /** `count`: how many Rollouts there will be. */
  constructor(api: KubeApi, count: number) {
    this.#count = count;
    this.#follow(api).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#failure = error;
    });
  }

  /** Resolves when all are done. Rejects when nothing moves any more. */
  async until(image: string, tell: (progress: string) => void): Promise<void> {
    this.#heardAt = performance.now();
    for (;;) {
      const done = [...this.#doneWith.values()].filter((one) => one === image).length;
      tell(`${done} of ${this.#count} with ${image}`);
      if (done === this.#count) return;
      if (this.#failure !== undefined)
        throw new Error('the watch of the bench ended', { cause: this.#failure });
      if (performance.now() - this.#heardAt > STALL_MS)
        throw new Error(`only ${done} of ${this.#count} are Healthy with ${image}, and nothing moves`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  end(): void {
    this.#stop.abort();
  }

  async #follow(api: KubeApi): Promise<void> {
    const { resourceVersion } = await api.list(ROLLOUT, { limit: 1 });
    for await (const { object } of api.watch(ROLLOUT, { resourceVersion, signal: this.#stop.signal })) {
      this.#heardAt = performance.now();
      this.#doneWith.set(keyOf(object.metadata), doneWith(object));
    }
  }
}

/** The image with which it is all done; '' while it is not. */
function doneWith(object: KubeObject): string {
  const status = (object['status'] ?? {}) as Record<string, unknown>;
  const { template } = object['spec'] as { template: { spec: { containers: [{ image: string }] } } };
  const done =
    status['phase'] === 'Healthy' &&
    status['observedGeneration'] === String(object.metadata.generation) &&
    status['stableRS'] === status['currentPodHash'];
  return done ? template.spec.containers[0].image : '';
}
