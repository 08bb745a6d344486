// Loaded into each test file (`test/run.mjs`): one that is kept alive after its last test by what that left open (a timer, a
// watch) fails with a word, instead of holding the whole suite up for ever.
import { after } from 'node:test';

const PATIENCE_MS = Number(process.env.STILL_OPEN_AFTER_MS ?? 30_000);

// The runner itself loads it too.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => {
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ');
      console.error(
        `${process.argv[1]} is still running ${PATIENCE_MS / 1000} s after its last test: ${open}`,
      );
      process.exit(1);
    }, PATIENCE_MS).unref();
  });
}
