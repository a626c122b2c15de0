/** A refused request says so in every API's shape, in every version, and is known for one when it is read. */
import { ByteReader, ByteWriter, ErrorCode, completed, type Api, type FieldMap } from '@tidemark/wire';
import { controllerApis, type ControllerApi } from './controller-apis.js';

/** A request with one of everything. */
function requestOf(fields: FieldMap): Record<string, unknown> {
  const ofOne = (type: FieldMap[string]['type']): unknown => {
    if (type.kind === 'array') return [ofOne(type.element)];
    if (type.kind === 'struct') return requestOf(type.fields);
    if (type.primitive === 'string') return 'name';
    if (type.primitive === 'uuid') return '00112233-4455-6677-8899-aabbccddeeff';
    return type.primitive === 'bool' ? false : 1;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, ofOne(type)]));
}

const rows = Object.values(controllerApis).map(
  (row) => [row.api.name, row as unknown as ControllerApi<FieldMap, FieldMap>] as const,
);

describe('a refusal', () => {
  it.each(rows)('of %s', (_name, { api, refusal, errorOf }) => {
    const { versions, request, response }: Api<FieldMap, FieldMap> = api;
    for (let version = versions.min; version <= versions.max; version++) {
      const asked = completed(request, version, requestOf(request.fields));
      const writer = new ByteWriter();
      response.encode(version, writer, refusal(asked, ErrorCode.NOT_CONTROLLER));
      const read = response.decode(version, new ByteReader(writer.written()));
      expect(errorOf(read)).toBe(ErrorCode.NOT_CONTROLLER);
    }
  });
});
