/** Fields of the built-in kinds that `lint` reads strictly: Service and Ingress of Kubernetes. Pure. */

/** The part of an OpenAPI schema that tells which fields there are. */
export interface FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: FieldSchema;
  readonly items?: FieldSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

const ANY: FieldSchema = {};

/** `a b c`: fields whose contents are not looked into. */
function fields(names: string, more: Readonly<Record<string, FieldSchema>> = {}): FieldSchema {
  const simple = names.split(' ').filter((name) => name !== '');
  return { properties: { ...Object.fromEntries(simple.map((name) => [name, ANY])), ...more } };
}

const list = (items: FieldSchema): FieldSchema => ({ items });

export const METADATA = fields(
  'name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp ' +
    'deletionGracePeriodSeconds labels annotations finalizers managedFields clusterName',
  {
    ownerReferences: list(fields('apiVersion kind name uid controller blockOwnerDeletion')),
  },
);

const top = (spec: FieldSchema): FieldSchema =>
  fields('apiVersion kind status', { metadata: METADATA, spec });

const SERVICE = top(
  fields(
    'selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges ' +
      'externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses ipFamilies ipFamilyPolicy ' +
      'allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution ipFamily ' +
      'topologyKeys',
    {
      ports: list(fields('name protocol appProtocol port targetPort nodePort')),
      sessionAffinityConfig: fields('', { clientIP: fields('timeoutSeconds') }),
    },
  ),
);

const RESOURCE = fields('apiGroup kind name');

function ingress(backend: FieldSchema, defaultName: string): FieldSchema {
  const path = fields('path pathType', { backend });
  return top(
    fields('ingressClassName', {
      [defaultName]: backend,
      tls: list(fields('hosts secretName')),
      rules: list(fields('host', { http: fields('', { paths: list(path) }) })),
    }),
  );
}

const INGRESS = ingress(
  fields('', { service: fields('name', { port: fields('name number') }), resource: RESOURCE }),
  'defaultBackend',
);
const INGRESS_BETA = ingress(fields('serviceName servicePort', { resource: RESOURCE }), 'backend');

const SCHEMAS: ReadonlyMap<string, FieldSchema> = new Map([
  ['v1/Service', SERVICE],
  ['networking.k8s.io/v1/Ingress', INGRESS],
  ['networking.k8s.io/v1beta1/Ingress', INGRESS_BETA],
  ['extensions/v1beta1/Ingress', INGRESS_BETA],
]);

export const builtInSchema = (apiVersion: string, kind: string): FieldSchema | undefined =>
  SCHEMAS.get(`${apiVersion}/${kind}`);
