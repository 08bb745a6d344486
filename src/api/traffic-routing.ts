/** `spec.strategy.canary.trafficRouting`: the routers (spec 07). Several may be set; all are driven. Pure. */

import * as z from 'zod';
import { freeObject, int32, int64, stringMap } from './meta.ts';

const named = z.looseObject({ name: z.string() });

const istioVirtualServiceSchema = z.looseObject({
  name: z.string().describe('Name, or name.namespace.'),
  routes: z.array(z.string()).optional().describe('Names of HTTP routes.'),
  tlsRoutes: z
    .array(z.looseObject({ port: int64.optional(), sniHosts: z.array(z.string()).optional() }))
    .optional(),
  tcpRoutes: z.array(z.looseObject({ port: int64.optional() })).optional(),
});
export type IstioVirtualService = z.infer<typeof istioVirtualServiceSchema>;

const istioSchema = z.looseObject({
  virtualService: istioVirtualServiceSchema.optional().describe('Either this or virtualServices.'),
  virtualServices: z.array(istioVirtualServiceSchema).optional(),
  destinationRule: z
    .looseObject({
      name: z.string(),
      canarySubsetName: z.string(),
      stableSubsetName: z.string(),
      additionalSubsetNames: z.array(z.string()).optional(),
    })
    .optional(),
});

const nginxSchema = z.looseObject({
  stableIngress: z.string().optional().describe('Either this or stableIngresses.'),
  stableIngresses: z.array(z.string()).optional(),
  annotationPrefix: z.string().optional().describe('nginx.ingress.kubernetes.io when absent.'),
  additionalIngressAnnotations: stringMap
    .optional()
    .describe('For the canary Ingress; the prefix is put before a key without one.'),
  canaryIngressAnnotations: stringMap.optional().describe('For the canary Ingress, verbatim.'),
});

const albSchema = z.looseObject({
  ingress: z.string().optional().describe('Either this or ingresses.'),
  ingresses: z.array(z.string()).optional(),
  servicePort: int32,
  rootService: z.string().optional().describe('Service named in the Ingress; stableService when absent.'),
  annotationPrefix: z.string().optional().describe('alb.ingress.kubernetes.io when absent.'),
  stickinessConfig: z.looseObject({ enabled: z.boolean(), durationSeconds: int64 }).optional(),
});

const smiSchema = z.looseObject({
  rootService: z.string().optional().describe('stableService when absent.'),
  trafficSplitName: z.string().optional().describe('Name of the Rollout when absent.'),
});

const ambassadorSchema = z.looseObject({ mappings: z.array(z.string()) });

const appMeshSchema = z.looseObject({
  virtualService: z.looseObject({ name: z.string(), routes: z.array(z.string()).optional() }).optional(),
  virtualNodeGroup: z
    .looseObject({ canaryVirtualNodeRef: named.optional(), stableVirtualNodeRef: named.optional() })
    .optional(),
});

const apisixSchema = z.looseObject({
  route: z
    .looseObject({
      name: z.string(),
      rules: z.array(z.string()).optional().describe('The name of the route when absent.'),
    })
    .optional(),
});

export const trafficRoutingSchema = z.looseObject({
  nginx: nginxSchema.optional(),
  istio: istioSchema.optional(),
  alb: albSchema.optional(),
  smi: smiSchema.optional(),
  ambassador: ambassadorSchema.optional(),
  appMesh: appMeshSchema.optional(),
  traefik: z.looseObject({ weightedTraefikServiceName: z.string() }).optional(),
  apisix: apisixSchema.optional(),
  plugins: freeObject.optional().describe('Configuration by plugin, as in argoproj-labs/gatewayAPI: {...}.'),
  managedRoutes: z
    .array(named)
    .optional()
    .describe('Routes that setHeaderRoute and setMirrorRoute make, in order of precedence.'),
  maxTrafficWeight: int32.optional().describe('The whole of the traffic; 100 when absent.'),
});
export type TrafficRouting = z.infer<typeof trafficRoutingSchema>;
