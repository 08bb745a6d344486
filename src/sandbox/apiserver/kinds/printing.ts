/** The columns and cells that `kubectl get` shows for the built-in kinds, as the real server's printers make them. */

import { isObject, type Json, type JsonObject } from '../../../lang/json.ts';
import { humanDuration } from '../../../lang/duration.ts';
import { formatSelector, selectorFrom } from '../../../lang/selector.ts';
import { parseTime } from '../../../lang/time.ts';
import type { KubeObject } from '../../../kube/api.ts';
import type { PrinterColumn } from '../resource.ts';

type Cell = string | number | boolean | null;
export interface Printer {
  readonly columns: readonly PrinterColumn[];
  readonly cells: (object: KubeObject, now: number) => Cell[];
}

const NONE = '<none>';
const record = (value: unknown): JsonObject => (isObject(value) ? value : {});
const list = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];
const count = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function age(time: unknown, now: number): string {
  const at = parseTime(time);
  return at === undefined ? '<unknown>' : humanDuration(now - at);
}

const created = (object: KubeObject, now: number): string => age(object.metadata.creationTimestamp, now);

/** `Name|Ready|*IP`: a star stands before columns of `-o wide`, `#` before integers. */
function columns(spec: string): PrinterColumn[] {
  return spec.split('|').map((entry) => {
    const name = entry.replace(/^[*#]+/, '');
    return {
      name,
      type: entry.includes('#') ? 'integer' : 'string',
      ...(name === 'Name' && !entry.includes('*') ? { format: 'name' } : {}),
      priority: entry.startsWith('*') ? 1 : 0,
    };
  });
}

function selectorText(selector: unknown): string {
  if (!isObject(selector)) return NONE;
  try {
    const printed = formatSelector(selectorFrom(selector));
    return printed === '' ? NONE : printed;
  } catch {
    return '<error>';
  }
}

const labelsText = (labels: unknown): string => {
  const pairs = Object.entries(record(labels)).map(([key, value]) => `${key}=${String(value)}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(',');
};

const containersOf = (template: unknown): [string, string] => {
  const containers = list(record(record(template)['spec'])['containers']);
  return [
    containers.map((container) => text(container['name'])).join(','),
    containers.map((container) => text(container['image'])).join(','),
  ];
};

function withMore(items: readonly string[], max = 3): string {
  if (items.length === 0) return '<unset>';
  const shown = items.slice(0, max).join(',');
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}

function podStatus(pod: KubeObject): { reason: string; ready: number; restarts: number } {
  const status = record(pod['status']);
  const conditions = list(status['conditions']);
  let reason = text(status['reason']) || text(status['phase']);
  let ready = 0;
  let restarts = 0;
  let running = false;
  let failed = '';
  for (const container of list(status['containerStatuses']).toReversed()) {
    restarts += count(container['restartCount']);
    const state = record(container['state']);
    const waiting = record(state['waiting']);
    const terminated = state['terminated'];
    if (text(waiting['reason']) !== '') reason = text(waiting['reason']);
    else if (isObject(terminated)) {
      reason =
        text(terminated['reason']) ||
        (count(terminated['signal']) !== 0
          ? `Signal:${count(terminated['signal'])}`
          : `ExitCode:${count(terminated['exitCode'])}`);
      if (count(terminated['exitCode']) !== 0) failed = reason;
    } else if (container['ready'] === true && isObject(state['running'])) {
      running = true;
      ready++;
    }
  }
  if (reason === 'Completed') {
    const isReady = conditions.some((item) => item['type'] === 'Ready' && item['status'] === 'True');
    if (running && isReady) reason = 'Running';
    else if (failed !== '') reason = failed;
    else if (running) reason = 'NotReady';
  }
  const phase = text(status['phase']);
  if (pod.metadata.deletionTimestamp !== undefined && phase !== 'Succeeded' && phase !== 'Failed') {
    reason = 'Terminating';
  }
  return { reason, ready, restarts };
}

function readinessGates(pod: KubeObject): string {
  const gates = list(record(pod['spec'])['readinessGates']);
  if (gates.length === 0) return NONE;
  const conditions = list(record(pod['status'])['conditions']);
  const met = gates.filter((gate) =>
    conditions.some((item) => item['type'] === gate['conditionType'] && item['status'] === 'True'),
  );
  return `${met.length}/${gates.length}`;
}

const orNone = (value: string): string => (value === '' ? NONE : value);

function externalIp(spec: JsonObject, status: JsonObject): string {
  if (spec['type'] === 'ExternalName') return text(spec['externalName']);
  const ips = Array.isArray(spec['externalIPs']) ? spec['externalIPs'].map(String) : [];
  if (spec['type'] === 'LoadBalancer') {
    const assigned = balancerAddresses(status);
    const all = [...(assigned === '' ? [] : [assigned]), ...ips];
    return all.length === 0 ? '<pending>' : all.join(',');
  }
  return ips.length === 0 ? NONE : ips.join(',');
}

const balancerAddresses = (status: JsonObject): string =>
  [
    ...new Set(
      list(record(status['loadBalancer'])['ingress']).map(
        (item) => text(item['ip']) || text(item['hostname']),
      ),
    ),
  ]
    .filter((address) => address !== '')
    .sort()
    .join(',');

const hasCondition = (object: KubeObject, type: string): boolean =>
  list(record(object['status'])['conditions']).some(
    (item) => item['type'] === type && item['status'] === 'True',
  );

const jobStatus = (job: KubeObject): string => {
  if (hasCondition(job, 'Complete')) return 'Complete';
  if (hasCondition(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'])
    if (hasCondition(job, type)) return type;
  return 'Running';
};

const subjects = (object: KubeObject, kind: string): string =>
  list(object['subjects'])
    .filter((subject) => subject['kind'] === kind)
    .map((subject) =>
      kind === 'ServiceAccount'
        ? `${text(subject['namespace'])}/${text(subject['name'])}`
        : text(subject['name']),
    )
    .join(', ');

const bindingPrinter: Printer = {
  columns: columns('Name|Role|Age|*Users|*Groups|*ServiceAccounts'),
  cells: (object, now) => {
    const ref = record(object['roleRef']);
    return [
      object.metadata.name,
      `${text(ref['kind'])}/${text(ref['name'])}`,
      created(object, now),
      subjects(object, 'User'),
      subjects(object, 'Group'),
      subjects(object, 'ServiceAccount'),
    ];
  },
};

const CREATED_AT: Printer = {
  columns: [...columns('Name'), { name: 'Created At', type: 'date', priority: 0 }],
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp ?? ''],
};

/** Kinds without columns of their own. */
export const defaultPrinter: Printer = {
  columns: columns('Name|Age'),
  cells: (object, now) => [object.metadata.name, created(object, now)],
};

function eventCells(event: KubeObject, now: number): Cell[] {
  const involved = record(event['involvedObject']);
  const source = record(event['source']);
  const series = event['series'];
  const first =
    parseTime(event['firstTimestamp']) === undefined ? event['eventTime'] : event['firstTimestamp'];
  const last = parseTime(event['lastTimestamp']) === undefined ? first : event['lastTimestamp'];
  const target =
    text(involved['kind']).toLowerCase() +
    (text(involved['name']) === '' ? '' : `/${text(involved['name'])}`);
  const component = text(source['component']) || text(event['reportingComponent']);
  const host = text(source['host']) || text(event['reportingInstance']);
  return [
    age(isObject(series) ? series['lastObservedTime'] : last, now),
    text(event['type']),
    text(event['reason']),
    target,
    text(involved['fieldPath']),
    host === '' ? component : `${component}, ${host}`,
    text(event['message']).trim(),
    age(first, now),
    isObject(series) ? count(series['count']) : count(event['count'] as Json) || 1,
    event.metadata.name,
  ];
}

const limitText = (value: Json | undefined): string => (value === undefined ? 'N/A' : String(value));

export const printers: Readonly<Record<string, Printer>> = {
  Pod: {
    columns: columns('Name|Ready|Status|Restarts|Age|*IP|*Node|*Nominated Node|*Readiness Gates'),
    cells(pod, now) {
      const { reason, ready, restarts } = podStatus(pod);
      const [spec, status] = [record(pod['spec']), record(pod['status'])];
      return [
        pod.metadata.name,
        `${ready}/${list(spec['containers']).length}`,
        reason,
        String(restarts),
        created(pod, now),
        orNone(text(list(status['podIPs'])[0]?.['ip'])),
        orNone(text(spec['nodeName'])),
        orNone(text(status['nominatedNodeName'])),
        readinessGates(pod),
      ];
    },
  },
  ReplicaSet: {
    columns: columns('Name|#Desired|#Current|#Ready|Age|*Containers|*Images|*Selector'),
    cells(object, now) {
      const [spec, status] = [record(object['spec']), record(object['status'])];
      return [
        object.metadata.name,
        count(spec['replicas']),
        count(status['replicas']),
        count(status['readyReplicas']),
        created(object, now),
        ...containersOf(spec['template']),
        selectorText(spec['selector']),
      ];
    },
  },
  Deployment: {
    columns: columns('Name|Ready|Up-to-date|Available|Age|*Containers|*Images|*Selector'),
    cells(object, now) {
      const [spec, status] = [record(object['spec']), record(object['status'])];
      return [
        object.metadata.name,
        `${count(status['readyReplicas'])}/${count(spec['replicas'])}`,
        count(status['updatedReplicas']),
        count(status['availableReplicas']),
        created(object, now),
        ...containersOf(spec['template']),
        selectorText(spec['selector']),
      ];
    },
  },
  Job: {
    columns: columns('Name|Status|Completions|Duration|Age|*Containers|*Images|*Selector'),
    cells(object, now) {
      const [spec, status] = [record(object['spec']), record(object['status'])];
      const wanted = spec['completions'];
      const done = count(status['succeeded']);
      const parallel = count(spec['parallelism']);
      const from = parseTime(status['startTime']);
      const to = parseTime(status['completionTime']) ?? now;
      return [
        object.metadata.name,
        jobStatus(object),
        typeof wanted === 'number'
          ? `${done}/${wanted}`
          : parallel > 1
            ? `${done}/1 of ${parallel}`
            : `${done}/1`,
        from === undefined ? '' : humanDuration(to - from),
        created(object, now),
        ...containersOf(spec['template']),
        selectorText(spec['selector']),
      ];
    },
  },
  Service: {
    columns: columns('Name|Type|Cluster-IP|External-IP|Port(s)|Age|*Selector'),
    cells(object, now) {
      const [spec, status] = [record(object['spec']), record(object['status'])];
      const ports = list(spec['ports']).map((port) => {
        const node = count(port['nodePort']) > 0 ? `:${count(port['nodePort'])}` : '';
        return `${count(port['port'])}${node}/${text(port['protocol'])}`;
      });
      const ips = Array.isArray(spec['clusterIPs']) ? spec['clusterIPs'] : [];
      return [
        object.metadata.name,
        text(spec['type']),
        orNone(text(ips[0])),
        externalIp(spec, status),
        orNone(ports.join(',')),
        created(object, now),
        labelsText(spec['selector']),
      ];
    },
  },
  Ingress: {
    columns: columns('Name|Class|Hosts|Address|Ports|Age'),
    cells(object, now) {
      const spec = record(object['spec']);
      const hosts = list(spec['rules'])
        .map((rule) => text(rule['host']))
        .filter((host) => host !== '');
      return [
        object.metadata.name,
        orNone(text(spec['ingressClassName'])),
        hosts.length === 0 ? '*' : withMore(hosts),
        balancerAddresses(record(object['status'])),
        list(spec['tls']).length > 0 ? '80, 443' : '80',
        created(object, now),
      ];
    },
  },
  IngressClass: {
    columns: columns('Name|Controller|Parameters|Age'),
    cells: (object, now) => [
      object.metadata.name,
      text(record(object['spec'])['controller']),
      NONE,
      created(object, now),
    ],
  },
  NetworkPolicy: {
    columns: columns('Name|Pod-Selector|Age'),
    cells: (object, now) => [
      object.metadata.name,
      selectorText(record(object['spec'])['podSelector']),
      created(object, now),
    ],
  },
  EndpointSlice: {
    columns: columns('Name|AddressType|Ports|Endpoints|Age'),
    cells: (object, now) => [
      object.metadata.name,
      text(object['addressType']),
      withMore(
        list(object['ports']).map((port) => (typeof port['port'] === 'number' ? String(port['port']) : '*')),
      ),
      withMore(
        list(object['endpoints']).flatMap((item) =>
          Array.isArray(item['addresses']) ? item['addresses'].map(String) : [],
        ),
      ),
      created(object, now),
    ],
  },
  Event: {
    columns: columns('Last Seen|Type|Reason|Object|*Subobject|*Source|Message|*First Seen|*Count|*Name'),
    cells: eventCells,
  },
  Namespace: {
    columns: columns('Name|Status|Age'),
    cells: (object, now) => [
      object.metadata.name,
      text(record(object['status'])['phase']),
      created(object, now),
    ],
  },
  ConfigMap: {
    columns: columns('Name|Data|Age'),
    cells: (object, now) => [
      object.metadata.name,
      String(Object.keys(record(object['data'])).length + Object.keys(record(object['binaryData'])).length),
      created(object, now),
    ],
  },
  Secret: {
    columns: columns('Name|Type|Data|Age'),
    cells: (object, now) => [
      object.metadata.name,
      text(object['type']),
      String(Object.keys(record(object['data'])).length),
      created(object, now),
    ],
  },
  Node: {
    columns: columns(
      'Name|Status|Roles|Age|Version|*Internal-IP|*External-IP|*OS-Image|*Kernel-Version|*Container-Runtime',
    ),
    cells(object, now) {
      const status = record(object['status']);
      const condition = list(status['conditions']).find((item) => item['type'] === 'Ready');
      const state = [
        condition === undefined ? 'Unknown' : condition['status'] === 'True' ? 'Ready' : 'NotReady',
      ];
      if (record(object['spec'])['unschedulable'] === true) state.push('SchedulingDisabled');
      const info = record(status['nodeInfo']);
      const address = (type: string): string =>
        orNone(text(list(status['addresses']).find((item) => item['type'] === type)?.['address']));
      const known = (value: Json | undefined): string => text(value) || '<unknown>';
      return [
        object.metadata.name,
        state.join(','),
        NONE,
        created(object, now),
        text(info['kubeletVersion']),
        address('InternalIP'),
        address('ExternalIP'),
        known(info['osImage']),
        known(info['kernelVersion']),
        known(info['containerRuntimeVersion']),
      ];
    },
  },
  Lease: {
    columns: columns('Name|Holder|Age'),
    cells: (object, now) => [
      object.metadata.name,
      text(record(object['spec'])['holderIdentity']),
      created(object, now),
    ],
  },
  PodDisruptionBudget: {
    columns: columns('Name|Min Available|Max Unavailable|#Allowed Disruptions|Age'),
    cells(object, now) {
      const spec = record(object['spec']);
      return [
        object.metadata.name,
        limitText(spec['minAvailable']),
        limitText(spec['maxUnavailable']),
        count(record(object['status'])['disruptionsAllowed']),
        created(object, now),
      ];
    },
  },
  HorizontalPodAutoscaler: {
    columns: columns('Name|Reference|Targets|MinPods|MaxPods|Replicas|Age'),
    cells(object, now) {
      const [spec, status] = [record(object['spec']), record(object['status'])];
      const target = record(spec['scaleTargetRef']);
      return [
        object.metadata.name,
        `${text(target['kind'])}/${text(target['name'])}`,
        list(spec['metrics']).map(metricText).join(', ') || NONE,
        typeof spec['minReplicas'] === 'number' ? String(spec['minReplicas']) : '<unset>',
        count(spec['maxReplicas']),
        count(status['currentReplicas']),
        created(object, now),
      ];
    },
  },
  Role: CREATED_AT,
  ClusterRole: CREATED_AT,
  RoleBinding: bindingPrinter,
  ClusterRoleBinding: bindingPrinter,
  CustomResourceDefinition: CREATED_AT,
};

/** No metrics are measured in the sandbox, so the current value is always unknown. */
function metricText(metric: JsonObject): string {
  const resource = record(metric['resource']);
  const target = record(resource['target']);
  const wanted =
    typeof target['averageUtilization'] === 'number'
      ? `${target['averageUtilization']}%`
      : text(target['averageValue']) || '<auto>';
  return metric['type'] === 'Resource'
    ? `${text(resource['name'])}: <unknown>/${wanted}`
    : `<unknown>/${wanted}`;
}
