/** The commands of the kubectl contract, in the order in which they run. */

export interface Command {
  /** Without `kubectl`; single quotes hold spaces. */
  readonly args: string;
  /** Standard input. */
  readonly input?: string;
  /** A command that runs on: it is ended after so many lines; `meanwhile` runs once `after` lines are there. */
  readonly watch?: { readonly after: number; readonly lines: number; readonly meanwhile: readonly string[] };
}

export interface Step {
  readonly title: string;
  readonly commands: readonly Command[];
  /** Nothing is written: the commands may run side by side. */
  readonly reads?: boolean;
}

const ROLLOUT = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: app, image: "example.com/web:v1", ports: [{containerPort: 8080}]}
  strategy:
    canary:
      steps: [{setWeight: 20}, {pause: {duration: 1h}}]
`;
const SERVICE = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
`;
const INGRESS = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: web.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
`;
const CONFIG = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}}
data: {color: blue, size: "10"}
`;
const REPLICA_SET = `
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "example.com/web:v1", ports: [{containerPort: 8080}]}]}
`;
const EVENT = `
apiVersion: v1
kind: Event
metadata: {name: web.1, namespace: shop}
involvedObject: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web, namespace: shop}
type: Warning
reason: RolloutAborted
message: 'Rollout aborted update to revision 2'
source: {component: rollouts-controller}
firstTimestamp: "2026-01-01T00:00:00Z"
lastTimestamp: "2026-01-01T00:05:00Z"
count: 3
`;
const BUDGET = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
`;
const RUN = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisRun
metadata: {name: web-1}
spec: {metrics: [{name: ok, provider: {prometheus: {address: "http://prometheus", query: up}}}]}
status: {phase: Running}
`;

const change = (text: string, from: string, to: string): string => text.replace(from, to);
const apply = (input: string, flags = ''): Command => ({ args: `apply -n shop -f - ${flags}`.trim(), input });
const shop = (...lines: string[]): Command[] => lines.map((line) => ({ args: `-n shop ${line}` }));

export const STEPS: readonly Step[] = [
  {
    title: 'create a namespace',
    commands: [{ args: 'create namespace shop' }, { args: 'create namespace shop' }],
  },
  {
    title: 'apply on the client side',
    commands: [ROLLOUT, SERVICE, INGRESS, CONFIG, REPLICA_SET, BUDGET, RUN].map((text) => apply(text)),
  },
  {
    title: 'create an event',
    commands: [{ args: 'create -f -', input: EVENT }],
  },
  {
    title: 'apply again, unchanged and changed',
    commands: [
      apply(ROLLOUT),
      apply(change(ROLLOUT, 'replicas: 3', 'replicas: 4')),
      apply(change(CONFIG, 'color: blue, ', '')),
      apply(change(SERVICE, 'targetPort: 8080', 'targetPort: 9090'), '--dry-run=server'),
      apply(
        change(SERVICE, 'targetPort: 8080', 'targetPort: 9090'),
        '-o jsonpath={.spec.ports[0].targetPort}',
      ),
    ],
  },
  {
    title: 'refusals',
    commands: [
      apply(change(ROLLOUT, 'replicas: 3', 'replicas: three')),
      apply(change(ROLLOUT, 'replicas: 3', 'replcas: 3')),
      apply(change(ROLLOUT, 'replicas: 3', 'replcas: 3'), '--validate=warn --dry-run=server'),
      { args: 'create -n shop --dry-run=server -f -', input: change(SERVICE, 'port: 80,', 'port: eighty,') },
      apply(change(CONFIG, 'name: settings', 'name: Settings')),
      apply(change(ROLLOUT, '{matchLabels: {app: web}}', '{matchLabels: {app: other}}')),
      apply(change(CONFIG, 'kind: ConfigMap', 'kind: Konfig')),
      { args: '-n nowhere create configmap x' },
      { args: '-n shop create configmap settings' },
    ],
  },
  {
    title: 'diff',
    commands: [
      { args: 'diff -n shop -f -', input: change(ROLLOUT, 'replicas: 3', 'replicas: 4') },
      { args: 'diff -n shop -f -', input: change(ROLLOUT, 'web:v1', 'web:v2') },
      {
        args: 'diff -n shop --server-side --force-conflicts -f -',
        input: change(SERVICE, 'app: web', 'app: api'),
      },
    ],
  },
  {
    title: 'get as tables',
    reads: true,
    commands: [
      ...shop(
        'get rollouts',
        'get ro web -o wide',
        'get svc,ing,cm,rs,pdb',
        'get svc web -o wide',
        'get ing -o wide',
        'get rs -o wide',
        'get rs --show-labels',
        'get cm -l app=web --no-headers',
        'get analysisruns',
        'get events',
        'get cm settings -o name',
        'get rollout nobody',
        'get nothings',
        'get pods',
        'get rs --field-selector metadata.name=web-1 -o name',
        'get cm -l a=b,c',
      ),
      { args: 'get namespace shop' },
      { args: 'get crd rollouts.argoproj.io -o name' },
    ],
  },
  {
    title: 'get in other formats',
    reads: true,
    commands: shop(
      'get rollout web -o yaml',
      'get rollout web -o yaml --show-managed-fields',
      'get svc web -o json',
      'get rs web-1 -o yaml',
      'get ing web -o yaml',
      'get pdb web -o yaml',
      'get cm settings -o json --show-managed-fields',
      'get rollout web -o jsonpath={.spec.replicas}',
      "get rollout web -o 'jsonpath={.spec.strategy.canary.steps[*].setWeight}'",
      "get rs,cm -o 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {end}'",
      'get rollouts -o custom-columns=NAME:.metadata.name,IMAGE:.spec.template.spec.containers[0].image',
      "get rollout web -o 'go-template={{.spec.replicas}}'",
      'get --raw /apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/scale',
    ),
  },
  {
    title: 'get -w',
    commands: [
      {
        args: '-n shop get cm settings -w --output-watch-events',
        watch: {
          after: 2,
          lines: 4,
          meanwhile: ['-n shop label cm settings tier=front', '-n shop label cm settings tier-'],
        },
      },
      {
        args: '-n shop get rollouts -w -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas',
        watch: { after: 2, lines: 3, meanwhile: ['-n shop scale rollout web --replicas=6'] },
      },
    ],
  },
  {
    title: 'patch',
    commands: shop(
      `patch rollout web --type merge -p '{"spec":{"minReadySeconds":5}}'`,
      `patch rollout web --type merge -p '{"spec":{"minReadySeconds":5}}'`,
      `patch rollout web --type json -p '[{"op":"add","path":"/spec/strategy/canary/steps/-","value":{"setWeight":50}}]'`,
      `patch rollout web --type json -p '[{"op":"test","path":"/spec/replicas","value":77}]'`,
      `patch rollout web -p '{"spec":{"minReadySeconds":6}}'`,
      `patch rs web-1 -p '{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"example.com/web:v2"}]}}}}'`,
      `patch rs web-1 -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"example.com/side"}]}}}}' -o 'jsonpath={.spec.template.spec.containers[*].name}'`,
      `patch rollout web --subresource status --type merge -p '{"status":{"phase":"Paused","message":"CanaryPauseStep"}}'`,
      `patch rollout web --type merge -p '{"status":{"phase":"Healthy"}}'`,
      `patch svc web --type merge -p '{"spec":{"clusterIP":"10.96.77.77"}}' -o name`,
      `patch rollout web --type merge -p '{"spec":{"replicas":"x"}}'`,
    ),
  },
  {
    title: 'server-side apply',
    commands: [
      apply(change(CONFIG, 'color: blue', 'color: red'), '--server-side --field-manager=gitops'),
      apply(change(CONFIG, 'color: blue, size: "10"', 'color: red'), '--server-side --field-manager=gitops'),
      apply(
        change(CONFIG, 'size: "10"', 'size: "11"'),
        '--server-side --field-manager=gitops --force-conflicts',
      ),
      apply(change(CONFIG, 'size: "10"', 'size: "11"'), '--server-side --field-manager=gitops'),
      apply(
        change(CONFIG, 'size: "10"', 'size: "12"'),
        '--server-side --field-manager=other --dry-run=server',
      ),
      apply(change(ROLLOUT, 'replicas: 3', 'replcas: 3'), '--server-side --field-manager=gitops'),
      apply(change(ROLLOUT, 'replicas: 3', 'replicas: 9'), '--server-side'),
      ...shop('get cm settings -o yaml --show-managed-fields'),
    ],
  },
  {
    title: 'scale, annotate, label',
    commands: shop(
      'scale rollout web --replicas=5',
      'scale rollout web --current-replicas=9 --replicas=5',
      'scale rs web-1 --replicas=1',
      'annotate rollout web note=first',
      'annotate rollout web note=second',
      'annotate rollout web note=second --overwrite',
      'annotate rollout web note-',
      'label rollout web tier=front',
      'label rollout web tier=back',
      "label rollout web 'tier=not good' --overwrite",
      'label rollout web tier-',
      'label cm --all set=yes',
      'scale cm settings --replicas=1',
      'set image rs/web-1 app=example.com/web:v3',
      'rollout status rs/web-1',
    ),
  },
  {
    title: 'wait',
    reads: true,
    commands: shop(
      "wait rollout web --for=jsonpath='{.status.phase}'=Paused --timeout=5s".replaceAll("'", ''),
      'wait rollout web --for=condition=Healthy --timeout=1s',
      'wait rollout nobody --for=delete --timeout=1s',
      'wait rollout nobody --for=condition=Healthy --timeout=1s',
    ),
  },
  {
    title: 'describe',
    reads: true,
    commands: [
      ...shop(
        'describe rollout web',
        'describe cm settings',
        'describe svc web',
        'describe rs web-1',
        'describe pdb web',
        'describe ing web',
        'describe rollout nobody',
        'describe analysisrun web-1',
      ),
    ],
  },
  {
    title: 'events',
    reads: true,
    commands: shop(
      'events',
      'events --for rollout/web',
      'events --types=Normal',
      'get events -o custom-columns=REASON:.reason,COUNT:.count',
      'get events --field-selector involvedObject.name=web,type=Warning -o name',
    ),
  },
  {
    title: 'auth',
    reads: true,
    commands: [
      ...shop(
        'auth can-i create rollouts',
        'auth can-i delete pods --subresource=log',
        "auth can-i '*' '*'",
        'auth can-i list nothings',
      ),
      { args: 'auth can-i get namespaces' },
      { args: "auth whoami -o 'jsonpath={.status.userInfo.username} {.status.userInfo.groups}'" },
    ],
  },
  {
    title: 'discovery',
    reads: true,
    commands: [
      { args: 'api-resources --api-group=argoproj.io' },
      { args: 'api-resources --api-group=argoproj.io -o wide' },
      { args: 'api-resources --api-group=policy' },
      { args: 'api-resources --api-group=discovery.k8s.io -o name' },
      { args: 'explain rollout.spec.replicas' },
      { args: 'explain rollout.spec.strategy.canary.steps.setWeight' },
      { args: 'explain rollout.nothing' },
      { args: 'get --raw /readyz' },
      { args: 'get --raw /apis/argoproj.io' },
    ],
  },
  {
    title: 'delete',
    commands: [
      ...shop(
        'delete cm settings --dry-run=server',
        'delete cm settings',
        'delete cm settings',
        'delete cm settings --ignore-not-found',
        'delete ing,svc web',
        'delete pdb --all',
        `patch rollout web --type merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'`,
        'delete rollout web --wait=false',
        'get rollout web -o jsonpath={.metadata.finalizers}',
        `patch rollout web --type merge -p '{"metadata":{"finalizers":null}}'`,
        'wait rollout web --for=delete --timeout=5s',
        'delete rollouts -l app=web',
        'delete rs web-1 --cascade=orphan --wait=false -o name',
        'get rs web-1 -o jsonpath={.metadata.finalizers}',
      ),
      { args: 'delete namespace default' },
      { args: 'delete namespace shop --wait=false' },
      { args: 'get namespace shop' },
      { args: '-n shop create configmap late' },
    ],
  },
];
