/** The contract against the sandbox: in process on its virtual clock, and through its HTTPS front with our client. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { createHttpApi } from '../../src/kube/http/index.ts';
import { loadConnection } from '../../src/kube/kubeconfig.ts';
import { SandboxCluster, serveHttps, VirtualClock } from '../../src/sandbox/index.ts';
import { contract } from '../contract/contract.ts';

const LIMIT_MS = 60_000;
const crds = customResourceDefinitions() as never;

contract('sandbox in process', async () => {
  const clock = new VirtualClock();
  const cluster = new SandboxCluster({ clock, crds });
  cluster.start();
  await clock.settle();
  return {
    api: cluster.api(),
    async eventually(what, test) {
      const limit = clock.now() + LIMIT_MS;
      while (!(await test())) {
        if (clock.now() > limit) throw new Error(`waited ${LIMIT_MS / 1000} virtual seconds for ${what}`);
        await clock.advance(50);
      }
    },
    async compact() {
      await Promise.resolve(cluster.server.compact());
    },
    async close() {
      cluster.stop();
      await clock.settle();
    },
  };
});

contract('sandbox over HTTPS', async () => {
  // Requests are real; bookmarks, time limits and controllers go by a clock that the test moves.
  const clock = new VirtualClock();
  const cluster = new SandboxCluster({ clock, crds });
  cluster.start();
  await clock.settle();
  const front = await serveHttps(cluster);
  const dir = mkdtempSync(join(tmpdir(), 'sluice-contract-'));
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, front.kubeconfig(), { mode: 0o600 });
  const api = createHttpApi(await loadConnection({ kubeconfig }));
  return {
    api,
    async eventually(what, test) {
      const limit = clock.now() + LIMIT_MS;
      while (!(await test())) {
        if (clock.now() > limit) throw new Error(`waited ${LIMIT_MS / 1000} virtual seconds for ${what}`);
        await clock.advance(100);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async compact() {
      await Promise.resolve(cluster.server.compact());
    },
    async close() {
      cluster.stop();
      await clock.settle();
      await front.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
