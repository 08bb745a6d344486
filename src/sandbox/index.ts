/** The embedded cluster: what the rest of the house may use of it. */

export { SandboxCluster, type SandboxOptions } from './cluster.ts';
export { VirtualClock, type RunUntilOptions } from './virtual-clock.ts';
export { seededRandom } from './random.ts';
export type { ApiOptions, Call, Interceptor } from './apiserver/api.ts';
export type { UserInfo } from './apiserver/resource.ts';
export { VirtualKubelet } from './controllers/virtual-kubelet.ts';
export type { ContainerReport, ContainerState, PodHost, PodReport, PodRuntime } from './controllers/pods.ts';
export { serveHttps, type HttpsOptions, type HttpsServer, type User } from './http/server.ts';
