/**
 * How a broker calls itself to another one. Anybody may call himself so; all that it does is that a request for the
 * controller is not passed on.
 */
const PEER_CLIENT = /^tidemark-broker-\d+$/;

export const peerClientId = (brokerId: number): string => `tidemark-broker-${brokerId}`;

export const isPeerClient = (clientId: string): boolean => PEER_CLIENT.test(clientId);
