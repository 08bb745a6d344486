/**
 * A control plane for a suite: started before its tests, or the cluster of KUBECONFIG when SLUICE_CLUSTER=kubeconfig (for
 * suites that can do with any), or one skipped test that says in one line what is missing. The rules of
 * `test/prove/rules` watch those that ask for it (`rules: true`): what breaks one of them fails the suite.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubeApi } from '../../src/kube/api.ts';
import { createHttpApi } from '../../src/kube/http/index.ts';
import { loadConnection } from '../../src/kube/kubeconfig.ts';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { CUSTOM_RESOURCE_DEFINITION } from '../../src/kube/kinds.ts';
import { type RealWatch, watchRules } from '../prove/watch-real.ts';
import { controlPlaneBinaries } from './binaries.ts';
import { ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { installCrds } from './crds.ts';

export interface Cluster {
  /** Only where it is not `external`. */
  readonly plane: ControlPlane;
  /** Somebody else's cluster: nothing of it may be stopped, and no audit log is at hand. */
  readonly external: boolean;
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
    if (process.env['SLUICE_CLUSTER'] === 'kubeconfig') {
      withExternalCluster(options, body);
      return;
    }
    const found = controlPlaneBinaries();
    if ('missing' in found) {
      it('needs a control plane', { skip: found.missing }, () => {});
      return;
    }
    let cluster: Cluster | undefined;
    let rules: RealWatch | undefined;
    before(async () => {
      const plane = new ControlPlane(found.binaries, options);
      try {
        await plane.start();
        if (options.crds !== false) await installCrds(plane);
        if (options.controllers !== false) await plane.startControllers();
        const kubeconfig = plane.kubeconfig();
        cluster = {
          plane,
          external: false,
          kubeconfig,
          api: createHttpApi(await loadConnection({ kubeconfig }), { userAgent: 'person' }),
        };
        if (options.rules === true) rules = await watchRules(cluster.api);
      } catch (error) {
        await plane.stop();
        throw error;
      }
    });
    after(async () => {
      const violations = await rules?.stop();
      await cluster?.plane.stop();
      // Last, since hooks after one that fails don't run.
      assert.deepEqual(violations ?? [], [], 'rules were broken');
    });
    body(() => {
      if (cluster === undefined) throw new Error('the control plane did not start');
      return cluster;
    });
  });
}

function withExternalCluster(options: ControlPlaneOptions, body: (cluster: () => Cluster) => void): void {
  const kubeconfig = process.env['KUBECONFIG'] ?? '';
  const why =
    options.anyCluster !== true
      ? 'needs a control plane of its own, which SLUICE_CLUSTER=kubeconfig is not'
      : kubeconfig === ''
        ? 'SLUICE_CLUSTER=kubeconfig needs KUBECONFIG'
        : undefined;
  if (why !== undefined) {
    it('runs elsewhere', { skip: why }, () => {});
    return;
  }
  let api: KubeApi | undefined;
  before(async () => {
    api = createHttpApi(await loadConnection({ kubeconfig }), { userAgent: 'person' });
    for (const { metadata } of customResourceDefinitions())
      await api.get(CUSTOM_RESOURCE_DEFINITION, { name: metadata.name }).catch((error: unknown) => {
        throw new Error(`${metadata.name} is missing: kubectl apply -k deploy/crds -k crds/syncer`, {
          cause: error,
        });
      });
  });
  body(() => {
    if (api === undefined) throw new Error('the cluster was not reached');
    return {
      api,
      kubeconfig,
      external: true,
      get plane(): ControlPlane {
        throw new Error('there is no control plane of our own');
      },
    };
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
