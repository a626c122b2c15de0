/** What specs of several projects need of the machine that they run on. Never part of a program. */
export { freePort, freePorts } from './free-port.js';
