/** The API server's audit log: who did what, and how it ended. */

import { existsSync, readFileSync } from 'node:fs';

export interface AuditEntry {
  readonly user: string;
  /** Who acted as `user`, or ''. */
  readonly impersonator: string;
  readonly userAgent: string;
  readonly verb: string;
  readonly group: string;
  /** `rollouts`, or with a subresource `rollouts/status`; empty for a path that is no resource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly code: number;
  readonly forbidden: boolean;
  /** Milliseconds since the epoch at which the request arrived. */
  readonly at: number;
}

interface RawEntry {
  readonly stage?: string;
  readonly verb?: string;
  readonly requestURI?: string;
  readonly userAgent?: string;
  readonly user?: { username?: string };
  readonly impersonatedUser?: { username?: string };
  readonly objectRef?: {
    resource?: string;
    subresource?: string;
    apiGroup?: string;
    namespace?: string;
    name?: string;
  };
  readonly responseStatus?: { code?: number };
  readonly requestReceivedTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
export const isWrite = ({ verb }: AuditEntry): boolean => WRITES.has(verb);

/** Each request once (a watch when it was opened). */
export function readAudit(file: string, user?: string): AuditEntry[] {
  if (!existsSync(file)) return [];
  const entries: AuditEntry[] = [];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    let raw: RawEntry;
    try {
      raw = JSON.parse(line) as RawEntry;
    } catch {
      continue; // the line that is being written
    }
    const name = raw.impersonatedUser?.username ?? raw.user?.username ?? '';
    if (user !== undefined && name !== user) continue;
    const code = raw.responseStatus?.code ?? 0;
    const opened = raw.stage === 'ResponseStarted';
    if (raw.stage !== 'ResponseComplete' && !opened) continue;
    if (raw.verb === 'watch' && !opened && code < 400) continue;
    const { resource = '', subresource } = raw.objectRef ?? {};
    entries.push({
      user: name,
      impersonator: raw.impersonatedUser === undefined ? '' : (raw.user?.username ?? ''),
      userAgent: raw.userAgent ?? '',
      verb: raw.verb ?? '',
      group: raw.objectRef?.apiGroup ?? '',
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      namespace: raw.objectRef?.namespace ?? '',
      name: raw.objectRef?.name ?? '',
      path: raw.requestURI ?? '',
      code,
      forbidden: code === 403 || raw.annotations?.['authorization.k8s.io/decision'] === 'forbid',
      at: Date.parse(raw.requestReceivedTimestamp ?? ''),
    });
  }
  return entries;
}
