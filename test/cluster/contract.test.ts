/** The contract against a real kube-apiserver with its controllers. */

import { contract, NotHere } from '../contract/contract.ts';
import { eventually, withCluster } from './harness.ts';

withCluster('a real kube-apiserver', { anyCluster: true }, (cluster) => {
  contract('kube-apiserver', async () =>
    Promise.resolve({
      api: cluster().api,
      eventually,
      compact: async () => {
        const its = cluster();
        if (its.external) throw new NotHere('the history of a cluster of somebody else is left alone');
        await its.plane.compact();
      },
      close: async () => Promise.resolve(),
    }),
  );
});
