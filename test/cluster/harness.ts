/**
 * A control plane for a suite: started before its tests, or taken from KUBECONFIG when SLUICE_CLUSTER=kubeconfig,
 * or one skipped test that says in one line what is missing.
 */

import { after, before, describe, it } from 'node:test';
import type { KubeApi } from '../../src/kube/api.ts';
import { createHttpApi } from '../../src/kube/http/index.ts';
import { loadConnection } from '../../src/kube/kubeconfig.ts';
import { controlPlaneBinaries } from './binaries.ts';
import { ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { installCrds } from './crds.ts';

export interface Cluster {
  readonly plane: ControlPlane;
  readonly kubeconfig: string;
  /** As the administrator. */
  readonly api: KubeApi;
}

/** Runs `body` inside a `describe`; `cluster()` is usable in its tests and hooks. */
export function withCluster(
  name: string,
  options: ControlPlaneOptions,
  body: (cluster: () => Cluster) => void,
): void {
  describe(name, () => {
    const found = controlPlaneBinaries();
    if ('missing' in found) {
      it('needs a control plane', { skip: found.missing }, () => {});
      return;
    }
    let cluster: Cluster | undefined;
    before(async () => {
      const plane = new ControlPlane(found.binaries, options);
      try {
        await plane.start();
        if (options.crds !== false) await installCrds(plane);
        if (options.controllers !== false) await plane.startControllers();
        const kubeconfig = plane.kubeconfig();
        cluster = { plane, kubeconfig, api: createHttpApi(await loadConnection({ kubeconfig })) };
      } catch (error) {
        await plane.stop();
        throw error;
      }
    });
    after(async () => {
      await cluster?.plane.stop();
    });
    body(() => {
      if (cluster === undefined) throw new Error('the control plane did not start');
      return cluster;
    });
  });
}

/** Polls a real server until `test` holds. */
export async function eventually(
  what: string,
  test: () => Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await test())) {
    if (performance.now() > limit) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
