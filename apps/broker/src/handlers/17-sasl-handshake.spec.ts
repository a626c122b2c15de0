/** SaslHandshake on the wire of a running broker, which has no mechanism to offer. */
import { ErrorCode, saslHandshakeApi } from '@tidemark/wire';
import { RunningBroker } from '../testing/running-broker.js';

describe('SaslHandshake', () => {
  let running: RunningBroker;
  beforeAll(async () => {
    running = await RunningBroker.start();
  });
  afterAll(() => running.stop());

  it.each([0, 1])('is refused in version %i, and the connection goes on', async (version) => {
    const client = await running.connect();
    const answer = await client.ask(saslHandshakeApi, version, { mechanism: 'PLAIN' });
    expect(answer).toEqual({ errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms: [] });
    await client.createTopic('after');
  });
});
