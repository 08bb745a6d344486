/** The contract against a real kube-apiserver with its controllers. */

import { contract } from '../contract/contract.ts';
import { eventually, withCluster } from './harness.ts';

withCluster('a real kube-apiserver', {}, (cluster) => {
  contract('kube-apiserver', async () =>
    Promise.resolve({
      api: cluster().api,
      eventually,
      compact: async () => await cluster().plane.compact(),
      close: async () => Promise.resolve(),
    }),
  );
});
