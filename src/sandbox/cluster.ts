/** The sandbox's cluster, composed: API server, controllers and a pod runtime on one clock. */

import type { JsonObject } from '../lang/json.ts';
import type { KubeApi } from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import { createApi, type ApiOptions } from './apiserver/api.ts';
import type { UserInfo } from './apiserver/resource.ts';
import { ApiServer } from './apiserver/server.ts';
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
}

export class SandboxCluster {
  readonly server: ApiServer;
  readonly clock: Clock;

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
  }

  /** A client of this cluster. `options.intercept` stands between it and the server. */
  api(user?: UserInfo, options?: ApiOptions): KubeApi {
    return createApi(this.server, user, options);
  }
}
