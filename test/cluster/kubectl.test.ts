/** The kubectl contract on a real kube-apiserver. SLUICE_RECORD=1 writes the recording anew. */

import { kubectlContract } from '../contract/kubectl.ts';
import { withCluster } from './harness.ts';

withCluster('kubectl on a real kube-apiserver', { controllers: false }, (cluster) => {
  kubectlContract(
    'kube-apiserver',
    async () => Promise.resolve({ kubeconfig: cluster().kubeconfig, close: async () => Promise.resolve() }),
    process.env['SLUICE_RECORD'] !== undefined,
  );
});
