/** The contract against the sandbox, in process on its virtual clock. */

import { contract } from '../contract/contract.ts';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { SandboxCluster, VirtualClock } from '../../src/sandbox/index.ts';

const LIMIT_MS = 60_000;

contract('sandbox in process', async () => {
  const clock = new VirtualClock();
  const cluster = new SandboxCluster({ clock, crds: customResourceDefinitions() as never });
  cluster.start();
  await clock.settle();
  return {
    api: cluster.api(),
    controllers: true,
    async eventually(what, test) {
      const limit = clock.now() + LIMIT_MS;
      while (!(await test())) {
        if (clock.now() > limit) throw new Error(`waited ${LIMIT_MS / 1000} virtual seconds for ${what}`);
        await clock.advance(50);
      }
    },
    async close() {
      cluster.stop();
      await clock.settle();
    },
  };
});
