/** The sandbox's cluster, composed: API server, controllers and a pod runtime on one clock. */

import type { JsonObject } from '../lang/json.ts';
import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import { createApi, type ApiOptions } from './apiserver/api.ts';
import type { UserInfo } from './apiserver/resource.ts';
import { ApiServer } from './apiserver/server.ts';
import { builtinControllers, controllerContext } from './controllers/index.ts';
import type { ControllerLoop } from './controllers/loop.ts';
import { NODE_NAME, PodLifecycle, type PodRuntime } from './controllers/pods.ts';
import { VirtualKubelet } from './controllers/virtual-kubelet.ts';
import { seededRandom } from './random.ts';

export interface SandboxOptions {
  clock: Clock;
  /** Uniform in [0, 1). Default: seeded with 1. */
  random?: (() => number) | undefined;
  /** CustomResourceDefinitions that are there from the start. */
  crds?: readonly JsonObject[] | undefined;
  /** Namespaces besides `default` and `kube-system`. */
  namespaces?: readonly string[] | undefined;
  historyLimit?: number | undefined;
  /** What runs pods. Default: `VirtualKubelet`, by the clock alone. `false`: nothing does. */
  pods?: PodRuntime | false | undefined;
  /** Events of the built-in controllers. Default: true. */
  recordEvents?: boolean | undefined;
}

export class SandboxCluster {
  readonly server: ApiServer;
  readonly clock: Clock;
  readonly controllers: ControllerLoop;
  readonly #pods: PodLifecycle | undefined;

  constructor(options: SandboxOptions) {
    this.clock = options.clock;
    this.server = new ApiServer({
      clock: options.clock,
      random: options.random ?? seededRandom(1),
      historyLimit: options.historyLimit,
    });
    const user = { user: { name: 'kube-apiserver' } };
    const namespaces = this.server.resource({ group: '', version: 'v1', plural: 'namespaces' }).type;
    for (const name of ['default', 'kube-system', ...(options.namespaces ?? [])]) {
      this.server.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, {}, user);
    }
    const definitions = this.server.resource({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
    }).type;
    for (const crd of options.crds ?? []) this.server.create(definitions, crd as never, {}, user);
    this.#createNode();
    const context = controllerContext(this.server, { recordEvents: options.recordEvents ?? true });
    this.controllers = builtinControllers(context);
    const runtime = options.pods ?? new VirtualKubelet(options.clock);
    this.#pods = runtime === false ? undefined : new PodLifecycle(context, runtime);
  }

  #createNode(): void {
    const nodes = this.server.resource({ group: '', version: 'v1', plural: 'nodes' }).type;
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: NODE_NAME,
        labels: { 'kubernetes.io/hostname': NODE_NAME, 'kubernetes.io/os': 'linux' },
      },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        allocatable: { cpu: '1000', memory: '1000Gi', pods: '100000' },
        capacity: { cpu: '1000', memory: '1000Gi', pods: '100000' },
        conditions: [
          { type: 'Ready', status: 'True', reason: 'SandboxReady', message: 'the sandbox runs pods' },
        ],
      },
    };
    this.server.create(nodes, node as never, {}, { user: { name: 'kubelet' } });
  }

  /** Starts the built-in controllers and whatever runs pods. */
  start(): void {
    this.controllers.start();
    this.#pods?.start();
  }

  /** Stops both; the API goes on answering. */
  stop(): void {
    this.controllers.stop();
    this.#pods?.stop();
  }

  /** A client of this cluster. `options.intercept` stands between it and the server. */
  api(user?: UserInfo, options?: ApiOptions): KubeApi {
    return createApi(this.server, user, options);
  }
}
