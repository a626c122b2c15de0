/**
 * Where the brokers are, as the asking client shall reach them: this broker by the address of the listener that the
 * question came in on, the others by what they registered.
 */
import type { MetadataImage } from '../controller/metadata-image.js';
import type { NodeEndpoint } from './current-leader.js';
import type { BrokerContext, RequestContext } from './handler.js';

/** Fenced brokers are not told of: nobody is to connect to them. `fencedToo` for whoever administers them. */
export function brokerEndpoints(
  image: MetadataImage,
  broker: Pick<BrokerContext, 'config'>,
  context: Pick<RequestContext, 'advertised'>,
  fencedToo = false,
): NodeEndpoint[] {
  const told = [...image.brokers.values()].filter(({ fenced }) => fencedToo || !fenced);
  return told.map(({ id, host, port, rack }) => {
    const own = id === broker.config.nodeId;
    return {
      nodeId: id,
      host: own ? context.advertised.host : host,
      port: own ? context.advertised.port : port,
      rack,
    };
  });
}
