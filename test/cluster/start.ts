/**
 * `node test/cluster/start.ts [--stages FILE]`: a control plane with our CRDs to try things on.
 * Prints the kubeconfig's path and runs until it is interrupted.
 */

import { parseArgs } from 'node:util';
import { controlPlaneBinaries } from './binaries.ts';
import { ControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';

const { values } = parseArgs({
  options: { stages: { type: 'string' }, 'no-controllers': { type: 'boolean' } },
});
const found = controlPlaneBinaries();
if ('missing' in found) {
  console.error(found.missing);
  process.exit(1);
}
const plane = new ControlPlane(found.binaries, values.stages === undefined ? {} : { stages: values.stages });
const stop = async (): Promise<void> => {
  await plane.stop();
  process.exit(0);
};
process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());
try {
  const started = performance.now();
  await plane.start();
  await installCrds(plane);
  if (values['no-controllers'] !== true) await plane.startControllers();
  console.log(`ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  console.log(`export KUBECONFIG=${plane.kubeconfig()}`);
} catch (error) {
  console.error(error);
  await plane.stop();
  process.exit(1);
}
