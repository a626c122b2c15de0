/** Who gets how many of the descriptors that the system grants. */
import { shareDescriptors } from './descriptors.js';

describe('file descriptors', () => {
  it.each([
    ['as the settings say, where nobody knows', undefined, 10_000, 10_000, undefined],
    ['as the settings say, where there are plenty', 1_000_000, 10_000, 10_000, 512],
    ['a quarter for the logs, and some to spare', 160, 10_000, 56, 40],
    ['fewer connections than the settings say', 1_024, 10_000, 704, 256],
    ['some connections, however few there are', 64, 10_000, 16, 16],
    ['no more connections than asked for', 1_024, 100, 100, 256],
  ] as const)('are shared: %s', (_name, descriptorsMax, asked, connectionsMax, openFilesMax) => {
    expect(shareDescriptors(descriptorsMax, asked)).toEqual({ connectionsMax, openFilesMax });
  });
});
