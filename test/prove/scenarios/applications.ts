/** An Application of objects of many kinds: what its health says, what a sync refuses, and how it goes. */

import type { KubeObject } from '../../../src/kube/api.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import type { Action, History, HistoryEvent, Setup } from '../history.ts';
import { podTemplate, SHOP, SIDE } from '../manifests.ts';
import { FILES, LIVES, sharedObject, sideApplication } from '../side-objects.ts';
import type { Scenario } from './types.ts';
import { basic, second } from './worlds.ts';

const APPLICATION = `Application/${SIDE}/${SHOP}`;
/** That their definitions must be there for. */
const LATER = ['api-service.yaml', 'widget.yaml'];
const FIRST = Object.fromEntries(Object.entries(FILES).filter(([path]) => !LATER.includes(path)));

const file = (path: string): KubeObject => FILES[path] as KubeObject;
const withSpec = (path: string, spec: object): JsonObject =>
  ({ ...file(path), spec: { ...(file(path)['spec'] as JsonObject), ...spec } }) as unknown as JsonObject;
const configMap = (name: string, data: JsonObject, metadata: object = {}): JsonObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data }) as unknown as JsonObject;

const inTurn = (from: number, each: number, actions: readonly Action[]): HistoryEvent[] =>
  actions.map((action, i) => ({ at: second(from + i * each), ...action }));
const says = (of: string, status: object): Action => ({ do: 'live', of, status: status as JsonObject });
const commit = (files: Extract<Action, { do: 'commit' }>['files']): Action => ({ do: 'commit', files });
const breaks = (what: string, change: object | null, of = APPLICATION): Action => ({
  do: 'break',
  what,
  of,
  change: change as JsonObject | null,
});
const mend: Action = { do: 'mend' };

const beside = (
  events: readonly HistoryEvent[],
  files: Readonly<Record<string, KubeObject>> = { 'settings.yaml': file('settings.yaml') },
  { finalizer = false, setup = {} }: { finalizer?: boolean; setup?: Partial<Setup> } = {},
): History =>
  basic([], events, { setup: { side: { application: sideApplication(SHOP, finalizer), files }, ...setup } });

const keys = (value: string): JsonObject =>
  Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`key-${i}`, value]));

export const APPLICATIONS: readonly Scenario[] = [
  {
    of: [],
    title: 'the health of an Application is that of its objects, whatever kind they are of',
    history: beside(
      inTurn(20, 6, [
        commit(Object.fromEntries(LATER.map((path) => [path, file(path) as JsonObject]))),
        ...LIVES.filter(({ of }) => !of.startsWith('Application/')).map(({ of, status }) => says(of, status)),
        commit({
          'db.yaml': withSpec('db.yaml', {
            updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
          }),
        }),
        says('StatefulSet/db', {
          observedGeneration: 'seen',
          replicas: 3,
          readyReplicas: 3,
          updatedReplicas: 0,
        }),
        says('StatefulSet/db', {
          observedGeneration: 'seen',
          replicas: 3,
          readyReplicas: 3,
          updatedReplicas: 1,
        }),
        commit({ 'agent.yaml': withSpec('agent.yaml', { updateStrategy: { type: 'OnDelete' } }) }),
        says('DaemonSet/agent', { observedGeneration: 'seen' }),
        commit({ 'rs.yaml': withSpec('rs.yaml', { replicas: 2 }) }),
        says('ReplicaSet/rs', { observedGeneration: 'seen', replicas: 2, availableReplicas: 1 }),
        says('Pod/debug', { phase: null }),
        commit({
          'settings.yaml': configMap(
            'settings',
            { value: 'z' },
            { annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } },
          ),
          'kept.yaml': configMap('kept', {}, { finalizers: ['example.com/kept'] }),
          'second.yaml': {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'Rollout',
            metadata: { name: 'second' },
            spec: {
              replicas: 1,
              selector: { matchLabels: { app: 'second' } },
              workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'second' },
              strategy: { canary: {} },
            },
          },
          'second-workload.yaml': {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'second' },
            spec: {
              replicas: 0,
              selector: { matchLabels: { app: 'second' } },
              template: { ...podTemplate('v1'), metadata: { labels: { app: 'second' } } },
            },
          },
        }),
        breaks('gone', null, 'ConfigMap/kept'),
        commit({ 'kept.yaml': null }),
        breaks('its finalizer', { metadata: { finalizers: null } }, 'ConfigMap/kept'),
      ]),
      FIRST,
    ),
    end: /^Healthy/,
    tells: [/"Degraded"/, /"Healthy"/],
  },
  {
    of: [],
    title: "a deleted Application takes its objects with it, and none that must stay or is another one's",
    history: beside(
      inTurn(30, 5, [
        commit({
          'stays.yaml': configMap(
            'stays',
            {},
            { annotations: { 'argocd.argoproj.io/sync-options': 'Delete=false' } },
          ),
          'other.yaml': configMap('other', {}),
        }),
        breaks(
          'another Application says it is its own',
          {
            metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:shop/other' } },
          },
          'ConfigMap/other',
        ),
        breaks('it is gone', null),
      ]),
      FIRST,
      { finalizer: true },
    ),
    end: /^Healthy/,
    tells: [/deletes ConfigMap settings/],
  },
  {
    of: [],
    title: 'an Application makes the namespace that it goes to, with the labels that it is given',
    history: beside(
      inTurn(30, 6, [
        breaks('a namespace to make', {
          spec: {
            destination: { namespace: 'side-made' },
            syncPolicy: {
              syncOptions: ['CreateNamespace=true'],
              managedNamespaceMetadata: { labels: { team: 'a' }, annotations: { note: 'b' } },
            },
          },
        }),
        commit({ 'settings.yaml': configMap('settings', { value: 'one' }) }),
        breaks('another label', {
          spec: { syncPolicy: { managedNamespaceMetadata: { labels: { team: 'c' } } } },
        }),
        commit({ 'settings.yaml': configMap('settings', { value: 'two' }) }),
        commit({
          'settings.yaml': configMap('settings', { value: 'three' }),
          'space.yaml': { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'side-other' } },
        }),
        commit({
          'settings.yaml': configMap('settings', { value: 'four' }),
          'space.yaml': { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'side-made' } },
        }),
      ]),
    ),
    end: /^Healthy/,
    tells: [/creates Namespace side-made|side-made/],
  },
  {
    of: [],
    title: 'what belongs to another Application is left alone where that is asked for',
    history: beside(
      inTurn(30, 6, [
        breaks('to share nothing', { spec: { syncPolicy: { syncOptions: ['FailOnSharedResource=true'] } } }),
        commit({ 'settings.yaml': configMap('settings', { value: 'one' }) }),
      ]),
      { 'other.yaml': configMap('other', {}) as KubeObject },
      { setup: { objects: [sharedObject()] } },
    ),
    end: /^Healthy/,
    tells: [/FailOnSharedResource is set/],
  },
  {
    of: [],
    title: 'an operation syncs what it names, and says what it refused',
    history: beside(
      inTurn(30, 6, [
        breaks('nothing automatic', { spec: { syncPolicy: { automated: null } } }),
        commit({
          'settings.yaml': configMap('settings', keys('one')),
          'api.yaml': withSpec('api.yaml', { replicas: 3 }),
          'bad.yaml': configMap('Not valid', {}),
          'worse.yaml': {
            apiVersion: 'v1',
            kind: 'Service',
            metadata: { name: 'worse' },
            spec: { ports: [{ port: -1 }] },
          },
        }),
        ...(
          [
            { resources: [{ kind: 'ConfigMap', name: 'settings', namespace: '' }] },
            { resources: [{ kind: 'ConfigMap', name: 'settings', namespace: SHOP }] },
            { resources: [{ group: 'apps', kind: 'Deployment', name: 'api', namespace: 'other' }] },
            { dryRun: true, resources: [{ group: 'apps', kind: 'Deployment', name: 'api' }] },
            {},
          ] as const
        ).map((sync) => breaks('an operation', { operation: { sync } })),
        breaks('by somebody', {
          operation: {
            initiatedBy: { username: 'somebody' },
            sync: { resources: [{ kind: 'ConfigMap', name: 'settings' }] },
          },
        }),
        commit({ 'settings.yaml': configMap('settings', keys('two')), 'bad.yaml': null, 'worse.yaml': null }),
        breaks('an operation without a sync', { operation: { info: [] } }),
        breaks('one that was terminated', { operation: { sync: { dryRun: true } } }),
        commit({ 'settings.yaml': null, 'api.yaml': null }),
        breaks('to prune all', { operation: { sync: { prune: true } } }),
        mend,
        commit({ 'settings.yaml': configMap('settings', { value: 'a' }) }),
      ]),
      { 'settings.yaml': file('settings.yaml'), 'api.yaml': file('api.yaml') },
      { setup: { crds: 'open' } },
    ),
    end: /^Healthy/,
    tells: [/it would prune all/],
  },
  {
    of: [],
    title: 'an Application without a source, a name or a place says so',
    history: beside(
      inTurn(30, 6, [
        breaks('no source, and an operation', { spec: { source: null }, operation: { sync: {} } }),
        mend,
        breaks('no source', { spec: { source: null } }),
        mend,
        breaks('an operation to nowhere', {
          spec: { source: { targetRevision: 'nowhere' } },
          operation: { sync: {} },
        }),
        mend,
        breaks('an account in no namespace', {
          metadata: { annotations: { 'sluice.dev/service-account': 'deployer' } },
          spec: { destination: { namespace: 'Not valid' } },
        }),
        mend,
        breaks('to try again', {
          spec: { syncPolicy: { retry: { limit: 3, backoff: { duration: '5', factor: 2 } } } },
        }),
        commit({ 'bad.yaml': configMap('Not valid', {}) }),
        commit({ 'bad.yaml': null }),
        breaks('no history', { spec: { revisionHistoryLimit: 0 } }),
        commit({ 'settings.yaml': configMap('settings', keys('one')) }),
        breaks('by hand', { data: keys('by hand') }, 'ConfigMap/settings'),
        says(APPLICATION, { sluice: { inventoryConfigMap: 'somewhere', inventory: [] } }),
        says(APPLICATION, {
          operationState: { phase: 'Running', operation: { sync: {} }, startedAt: '2026-01-01T00:00:00Z' },
        }),
        says(APPLICATION, { operationState: { phase: 'Succeeded', finishedAt: 'soon' } }),
        breaks('by hand again', { data: keys('by hand again') }, 'ConfigMap/settings'),
        commit({ 'settings.yaml': configMap('settings', keys('two')) }),
      ]),
      { 'settings.yaml': file('settings.yaml') },
      { setup: { crds: 'open' } },
    ),
    end: /^Healthy/,
    tells: [/there is no source|spec\.source/],
  },
];
