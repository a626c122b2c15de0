/**
 * The part that answers of the metadata quorum have in common: where the leaders that an answer names can be reached
 * (tagged, almost always empty). Ports are unsigned here, unlike those of Fetch.
 */
import { arrayOf, int32, string, uint16 } from '../schema/fields.js';

export const nodeEndpoints = () => arrayOf({ nodeId: int32(), host: string(), port: uint16() }, { tag: 0 });
