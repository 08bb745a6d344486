/** The runtime whose pods are real HTTP servers. Pods of Jobs have nothing to serve: they end by the clock. */

import type { KubeObject } from '../../kube/api.ts';
import { controllerOf } from '../controllers/objects.ts';
import type { PodHost, PodRuntime } from '../controllers/pods.ts';
import { VirtualKubelet } from '../controllers/virtual-kubelet.ts';
import type { Registry } from '../metrics/registry.ts';
import type { Socket } from './network.ts';
import { type PodContext, PodUnit } from './pod.ts';

/** A pod whose program listens, as a scrape sees it. */
export interface ListeningPod {
  readonly pod: KubeObject;
  /** `podIP:containerPort`: the name of the target. */
  readonly instance: string;
  readonly socket: Socket;
  readonly registry: Registry;
}

export class HttpPodRuntime implements PodRuntime {
  readonly #context: PodContext;
  readonly #jobs: VirtualKubelet;
  readonly #units = new Map<string, PodUnit>();

  constructor(context: PodContext) {
    this.#context = context;
    this.#jobs = new VirtualKubelet(context.clock);
  }

  start(pod: KubeObject, host: PodHost): void {
    if (controllerOf(pod)?.kind === 'Job') {
      this.#jobs.start(pod, host);
      return;
    }
    const unit = new PodUnit(pod, this.#context, host);
    this.#units.set(pod.metadata.uid ?? '', unit);
    unit.start();
  }

  stop(pod: KubeObject, graceMs: number, host: PodHost): void {
    const unit = this.#units.get(pod.metadata.uid ?? '');
    if (unit === undefined) this.#jobs.stop(pod, graceMs, host);
    else void unit.stop(graceMs);
  }

  remove(pod: KubeObject): void {
    const uid = pod.metadata.uid ?? '';
    this.#units.get(uid)?.kill();
    this.#units.delete(uid);
    this.#jobs.remove(pod);
  }

  /** What there is to scrape now. */
  listening(): ListeningPod[] {
    return [...this.#units.values()].flatMap(({ pod, address, behaviour, server }): ListeningPod[] => {
      const port = behaviour.ports[0];
      if (server === undefined || port === undefined) return [];
      const socket = this.#context.network.dial(address, port);
      return [{ pod, instance: `${address}:${port}`, socket, registry: server.registry }];
    });
  }
}
