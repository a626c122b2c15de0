/** What the simulation runs: whole brokers, put together as `main.ts` does, over doors of its own. */
export { Broker, type BrokerAddresses, type BrokerDoors, type BrokerOptions } from './broker.js';
export { readConfig, type BrokerConfig, type Environment } from './config.js';
export { BROKER_CONFIGS } from './config-table.js';
export { BROKER_RULES, type BrokerRules } from './broker-rules.js';
