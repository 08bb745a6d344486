/** docs/install.md and docs/migrate.md, word by word: each of their shell lines runs on a cluster, in their order. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEPLOYMENT } from '../../src/kube/kinds.ts';
import { eventually, withCluster } from './harness.ts';
import { podTemplate, User } from './user.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The lines of all shell blocks, in order, with continued lines joined. */
function shellLines(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

withCluster('documents', { crds: false, controllers: false }, (cluster) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
  for (const name of ['deploy', 'crds']) symlinkSync(join(root, name), join(folder, name));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (line: string): Promise<string> => {
    const { plane, kubeconfig } = cluster();
    const env = {
      ...process.env,
      KUBECONFIG: kubeconfig,
      PATH: [dirname(plane.binary('kubectl')), process.env['PATH']].join(delimiter),
    };
    return await new Promise((resolve, reject) => {
      const script = ['-o', 'pipefail', '-c', line];
      execFile('bash', script, { cwd: folder, env, timeout: 60_000 }, (error, out, err) => {
        if (error === null) resolve(out);
        else reject(new Error(`${line}: ${err || out}`));
      });
    });
  };

  it('install.md', async () => {
    const { plane, api } = cluster();
    const lines = shellLines('docs/install.md').filter((line) => !line.startsWith('docker '));
    assert.ok(lines.length >= 6, 'the lines are found');
    let shop: User | undefined;
    for (const line of lines) {
      if (line.includes(' -n shop ')) shop ??= await User.inNamespace(api, 'shop');
      await run(line);
      // Deployments need controllers, and these the kinds.
      if (line === 'kubectl apply -k deploy') await plane.startControllers();
    }
    const syncer = await api.get(DEPLOYMENT, { namespace: 'sluice', name: 'sluice-syncer' });
    assert.equal((syncer['spec'] as { replicas: number }).replicas, 2);
    await run('kubectl delete -k deploy/base');
    assert.match(await run('kubectl get crd rollouts.argoproj.io'), /rollouts/, 'the kinds stay');
  });

  it('migrate.md', async () => {
    const { api } = cluster();
    const reference = await User.inNamespace(api, 'argo-rollouts');
    await reference.create(DEPLOYMENT, 'argo-rollouts', {
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'argo-rollouts' } },
        template: podTemplate('argo-rollouts', 'v1'),
      },
    });
    await eventually('the namespace of the controller to be gone', async () =>
      (await run('kubectl get namespaces -o name')).split('\n').every((name) => name !== 'namespace/sluice'),
    );
    const columns = 'NS:.metadata.namespace,NAME:.metadata.name,UID:.metadata.uid,R:.spec.replicas';
    await run(
      `kubectl get replicasets -A -l rollouts-pod-template-hash -o custom-columns=${columns} > sets-before`,
    );
    const lines = shellLines('docs/migrate.md');
    assert.ok(lines.length >= 8, 'the lines are found');
    for (const line of lines) await run(line);
    const back = await api.get(DEPLOYMENT, { namespace: 'argo-rollouts', name: 'argo-rollouts' });
    assert.equal((back['spec'] as { replicas: number }).replicas, 1);
  });
});
