// A killed broker and a killed consumer leave `tidemark registry --watch` long before any session ends, and the consumer's
// partitions go on. How fast is measured by `npm run faults -- registry`.
import { watchThemLeave } from '../faults/shows/registry.js';

/** The consumers' sessions; a broker's is 3 s. */
const SESSION_MS = 6_000;

describe('the registry, watched', () => {
  it('shows a killed broker and a killed consumer leave, and the other member take over', async () => {
    for (const times of Object.values(await watchThemLeave(1))) {
      expect(times).toHaveLength(1);
      expect(Math.max(...(times as number[]))).toBeLessThan(SESSION_MS);
    }
  }, 120_000);
});
