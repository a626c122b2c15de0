/**
 * Checks what a user gave against what an application wants, and resolves it: defaults filled in, files replaced by
 * their content's hash. Pure; the Metadata Server's decider calls it, and its answer is in ExperimentValidated or
 * ExperimentRejected. Values become arguments as they are, so shell characters are harmless and allowed; control
 * characters are not.
 */
import type { InputDefinition } from './catalog/application.js';
import type { DataProduct } from './catalog/data-product.js';
import { PATTERN_TEXT_LENGTH_MAX } from './catalog/safe-pattern.js';
import { DATA_PRODUCT_ID_PATTERN } from './ids.js';
import type { ResolvedInput } from './messages/experiment-events.js';
import { type Fault, hasControlCharacters, type InputValue, type InputValues } from './messages/values.js';

export type ResolvedInputs =
  { readonly inputs: readonly ResolvedInput[] } | { readonly errors: readonly Fault[] };

type Checked = { readonly input: ResolvedInput } | { readonly error: Omit<Fault, 'pointer'> };

const refuse = (code: string, message: string): Checked => ({ error: { code, message } });

/** `dataProduct` finds an uploaded file by its id. */
export function resolveInputs(
  definitions: readonly InputDefinition[],
  values: InputValues,
  dataProduct: (id: string) => DataProduct | undefined,
): ResolvedInputs {
  const errors: Fault[] = [];
  const inputs: ResolvedInput[] = [];
  const fileNames = new Map<string, string>();
  const known = new Set(definitions.map((definition) => definition.name));
  for (const name of Object.keys(values)) {
    if (!known.has(name)) {
      errors.push({
        pointer: `/inputs/${name}`,
        code: 'unknown-input',
        message: `there is no input "${name}"`,
      });
    }
  }
  for (const definition of definitions) {
    const value = Object.hasOwn(values, definition.name) ? values[definition.name] : definition.default;
    if (value === undefined) {
      if (definition.required) {
        errors.push({
          pointer: `/inputs/${definition.name}`,
          code: 'required',
          message: 'a value is needed',
        });
      }
      continue;
    }
    const checked = checkValue(definition, value, dataProduct);
    if ('error' in checked) {
      errors.push({ pointer: `/inputs/${definition.name}`, ...checked.error });
      continue;
    }
    const file = checked.input.file;
    const other = file === undefined ? undefined : fileNames.get(file.name);
    if (file !== undefined && other !== undefined) {
      errors.push({
        pointer: `/inputs/${definition.name}`,
        code: 'same-file-name',
        message: `the input "${other}" brings a file of the same name "${file.name}"`,
      });
      continue;
    }
    if (file !== undefined) fileNames.set(file.name, definition.name);
    inputs.push(checked.input);
  }
  return errors.length > 0 ? { errors: errors.slice(0, 100) } : { inputs };
}

function checkValue(
  definition: InputDefinition,
  value: InputValue,
  dataProduct: (id: string) => DataProduct | undefined,
): Checked {
  const { name, type } = definition;
  if (typeof value === 'string' && hasControlCharacters(value)) {
    return refuse('control-characters', 'control characters are not allowed');
  }
  if (definition.enum !== undefined && !definition.enum.includes(value)) {
    return refuse('not-in-enum', `must be one of ${definition.enum.map(String).join(', ').slice(0, 500)}`);
  }
  switch (type) {
    case 'STRING':
      if (typeof value !== 'string') return refuse('wrong-type', 'must be a text');
      return checkText(definition, value);
    case 'INTEGER':
      if (!Number.isSafeInteger(value)) return refuse('wrong-type', 'must be an integer below 2^53');
      return checkNumber(definition, value as number);
    case 'FLOAT':
      if (typeof value !== 'number' || !Number.isFinite(value))
        return refuse('wrong-type', 'must be a number');
      return checkNumber(definition, value);
    case 'BOOLEAN':
      if (typeof value !== 'boolean') return refuse('wrong-type', 'must be true or false');
      return { input: { name, type, value } };
    case 'URI':
      return checkFile(definition, value, dataProduct);
  }
}

function checkText(definition: InputDefinition, value: string): Checked {
  const length = Array.from(value).length;
  if (definition.min !== undefined && length < definition.min) {
    return refuse('too-short', `must have at least ${definition.min} characters`);
  }
  if (definition.max !== undefined && length > definition.max) {
    return refuse('too-long', `must have at most ${definition.max} characters`);
  }
  if (definition.pattern !== undefined && length > PATTERN_TEXT_LENGTH_MAX) {
    return refuse('too-long', `must have at most ${PATTERN_TEXT_LENGTH_MAX} characters`);
  }
  // A pattern is meant for the whole text. Its application was refused if it does not compile.
  if (definition.pattern !== undefined && !new RegExp(`^(?:${definition.pattern})$`, 'u').test(value)) {
    return refuse('pattern', `must match ${definition.pattern}`);
  }
  return { input: { name: definition.name, type: definition.type, value } };
}

function checkNumber(definition: InputDefinition, value: number): Checked {
  if (definition.min !== undefined && value < definition.min) {
    return refuse('too-small', `must be at least ${definition.min}`);
  }
  if (definition.max !== undefined && value > definition.max) {
    return refuse('too-large', `must be at most ${definition.max}`);
  }
  return { input: { name: definition.name, type: definition.type, value } };
}

function checkFile(
  definition: InputDefinition,
  value: InputValue,
  dataProduct: (id: string) => DataProduct | undefined,
): Checked {
  if (typeof value !== 'string' || !DATA_PRODUCT_ID_PATTERN.test(value)) {
    return refuse('wrong-type', 'must be the id of a data product (upload the file first)');
  }
  const product = dataProduct(value);
  if (product === undefined) {
    return refuse('unknown-data-product', `there is no uploaded data product ${value}`);
  }
  const { min, max } = definition;
  if (min !== undefined && product.bytes < min)
    return refuse('too-small', `the file has less than ${min} bytes`);
  if (max !== undefined && product.bytes > max)
    return refuse('too-large', `the file has more than ${max} bytes`);
  return {
    input: {
      name: definition.name,
      type: definition.type,
      file: { dataProductId: product.id, name: product.name, sha256: product.sha256, bytes: product.bytes },
    },
  };
}
