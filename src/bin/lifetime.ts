/** Ties this process to the launcher that started it under another Node. */

/**
 * When the launcher is killed without a chance to pass the signal on, its channel closes: end as on SIGTERM,
 * so that no controller is left running unseen.
 */
export function exitWhenLauncherEnds(): void {
  if (process.env['SLUICE_LAUNCHED'] === undefined || process.channel === undefined) return;
  process.channel?.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
