// A reporter for the runner itself: which files had failures, and how many tests ended how. JSON, at the end.
export default async function* tally(source) {
  const failed = new Set();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of source) {
    const isTest =
      data?.details?.type === 'test' || (data?.details !== undefined && data.details.type === undefined);
    if (type === 'test:pass' && isTest) counts[data.skip === undefined ? 'passed' : 'skipped'] += 1;
    if (type === 'test:fail') {
      if (data.file !== undefined) failed.add(data.file);
      if (isTest) counts.failed += 1;
    }
  }
  yield JSON.stringify({ ...counts, files: [...failed] });
}
