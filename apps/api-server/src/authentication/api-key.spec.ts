// Which headers open the door, and which do not.
import { ApiKeys } from './api-key.js';

describe('api keys', () => {
  const keys = new ApiKeys('tmk_right\n');

  it.each([
    [{ authorization: 'Bearer tmk_right' }, true],
    [{ authorization: 'bearer tmk_right' }, true],
    [{ 'x-api-key': 'tmk_right' }, true],
    [{ authorization: 'Bearer tmk_wrong' }, false],
    [{ authorization: 'Bearer ' }, false],
    [{ authorization: 'Basic tmk_right' }, false],
    [{ authorization: 'tmk_right' }, false],
    [{}, false],
  ])('%p -> %p', (headers, known) => {
    expect(keys.principalOf(headers) !== undefined).toBe(known);
  });
});
