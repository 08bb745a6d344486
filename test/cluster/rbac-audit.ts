/**
 * Holds roles against what an audit log saw of a user: rights that nothing used, and requests that were refused.
 *
 *   node test/cluster/rbac-audit.ts AUDIT_LOG USER < MANIFESTS     exit code 1: something is unused or was refused
 */

import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { type AuditEntry, readAudit } from './audit.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
  readonly spec?: unknown;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** One verb on one resource, as one role gives it. */
export interface Right {
  readonly role: string;
  readonly namespace: string;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly names: readonly string[] | undefined;
}

export const parseManifests = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Manifest);

/** The flags that a Deployment starts `sluice controller` with. */
export function deployedArgs(manifests: readonly Manifest[], name: string): string[] {
  const deployment = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);
  const spec = deployment?.spec as { template: { spec: { containers: { args: string[] }[] } } } | undefined;
  const [command, ...args] = spec?.template.spec.containers[0]?.args ?? [];
  if (command !== 'controller') throw new Error(`the Deployment ${name} starts no controller`);
  return args;
}

/** All that the roles bound to a ServiceAccount give. */
export function rightsOf(manifests: readonly Manifest[], user: string): Right[] {
  const [, , namespace, name] = user.split(':');
  return manifests
    .filter(
      ({ kind, subjects, metadata }) =>
        kind.endsWith('RoleBinding') &&
        subjects?.some(
          (subject) =>
            subject.kind === 'ServiceAccount' &&
            subject.name === name &&
            (subject.namespace ?? metadata.namespace) === namespace,
        ) === true,
    )
    .flatMap((binding) => {
      const where = binding.kind === 'RoleBinding' ? (binding.metadata.namespace ?? '') : '';
      const role = manifests.find(
        (item) =>
          item.kind === binding.roleRef?.kind &&
          item.metadata.name === binding.roleRef.name &&
          (item.kind === 'ClusterRole' || item.metadata.namespace === where),
      );
      if (role === undefined) throw new Error(`${binding.metadata.name} binds a role that is not there`);
      return (role.rules ?? []).flatMap((rule) => {
        for (const part of [...rule.apiGroups, ...rule.resources, ...rule.verbs])
          if (part.includes('*')) throw new Error(`${role.metadata.name} has a wildcard: ${part}`);
        return rule.apiGroups.flatMap((group) =>
          rule.resources.flatMap((resource) =>
            rule.verbs.map((verb) => ({
              role: role.metadata.name,
              namespace: where,
              group,
              resource,
              verb,
              names: rule.resourceNames,
            })),
          ),
        );
      });
    });
}

const gives = (right: Right, entry: AuditEntry): boolean =>
  right.group === entry.group &&
  right.resource === entry.resource &&
  // A server-side apply that creates is a patch that also needs the right to create.
  (right.verb === entry.verb || (right.verb === 'create' && entry.verb === 'patch' && entry.code === 201)) &&
  (right.namespace === '' || right.namespace === entry.namespace) &&
  // A list by field selector counts as one by name.
  (right.names === undefined ||
    right.names.some((name) => name === entry.name || entry.path.includes(`metadata.name%3D${name}`)));

export const printRight = ({ role, group, resource, verb }: Right): string =>
  `${role}: ${verb} ${resource}${group === '' ? '' : `.${group}`}`;
export const printEntry = ({ verb, path, code }: AuditEntry): string => `${verb} ${path} -> ${code}`;

export interface RbacReport {
  readonly unused: readonly string[];
  readonly refused: readonly string[];
  readonly used: readonly string[];
}

/** `excused`: rights that show in no audit log, as printed. */
export function auditRights(
  rights: readonly Right[],
  entries: readonly AuditEntry[],
  excused: ReadonlySet<string> = new Set(),
): RbacReport {
  const used = rights.filter((right) => entries.some((entry) => gives(right, entry)));
  return {
    used: [...new Set(used.map(printRight))].sort(),
    unused: [...new Set(rights.filter((right) => !used.includes(right)).map(printRight))]
      .filter((right) => !excused.has(right))
      .sort(),
    refused: [...new Set(entries.filter((entry) => entry.forbidden).map(printEntry))],
  };
}

if (import.meta.main) {
  const [log = '', user = ''] = process.argv.slice(2);
  const manifests = parseManifests(readFileSync(0, 'utf8'));
  const report = auditRights(rightsOf(manifests, user), readAudit(log, user));
  for (const right of report.used) console.log(`used    ${right}`);
  for (const right of report.unused) console.log(`unused  ${right}`);
  for (const entry of report.refused) console.log(`refused ${entry}`);
  process.exitCode = report.unused.length + report.refused.length > 0 ? 1 : 0;
}
