/**
 * ApiVersions: a client's first question, which APIs in which versions. Version 1 adds the throttle time, version 3
 * is flexible and carries the client's software name (which must be checked) and the cluster's features.
 *
 * Not obvious: the response header is the old one in every version, and a request of a version that we do not know
 * is answered in the layout of version 0 with UNSUPPORTED_VERSION, its body unread. Version 5 (a check of cluster
 * and node id) is left to that answer.
 */
import type { DecodedRequest, EncodableResponse } from '../api.js';
import { defineApi } from '../api.js';
import { arrayOf, int16, int32, int64, string } from '../schema/fields.js';

export const apiVersionsApi = defineApi({
  key: 18,
  name: 'ApiVersions',
  versions: { min: 0, max: 4 },
  flexibleFrom: 3,
  request: { clientSoftwareName: string({ since: 3 }), clientSoftwareVersion: string({ since: 3 }) },
  response: {
    errorCode: int16(),
    apiKeys: arrayOf({ apiKey: int16(), minVersion: int16(), maxVersion: int16() }),
    throttleTimeMs: int32({ since: 1 }),
    supportedFeatures: arrayOf(
      { name: string(), minVersion: int16(), maxVersion: int16() },
      { since: 3, tag: 0 },
    ),
    finalizedFeaturesEpoch: int64({ since: 3, tag: 1, default: -1 }),
    finalizedFeatures: arrayOf(
      { name: string(), maxVersionLevel: int16(), minVersionLevel: int16() },
      { since: 3, tag: 2 },
    ),
  },
});

export type ApiVersionsRequest = DecodedRequest<typeof apiVersionsApi>;
export type ApiVersionsResponse = EncodableResponse<typeof apiVersionsApi>;
