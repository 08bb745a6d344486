/** The kubectl contract on the sandbox, held against the recording of a real server. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { SandboxCluster, serveHttps } from '../../src/sandbox/index.ts';
import { kubectlContract } from '../contract/kubectl.ts';

kubectlContract('sandbox', async () => {
  // Not started: the recording is of a server without controllers.
  const cluster = new SandboxCluster({
    clock: systemClock,
    crds: customResourceDefinitions() as never,
    pods: false,
  });
  const users = [{ name: 'admin', groups: ['system:masters'], token: 'the-administrators-token' }];
  const front = await serveHttps(cluster, { users });
  const dir = mkdtempSync(join(tmpdir(), 'sluice-kubectl-server-'));
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, front.kubeconfig(), { mode: 0o600 });
  return {
    kubeconfig,
    async close() {
      await front.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
