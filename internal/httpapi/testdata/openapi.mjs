// node openapi.mjs FILE: holds a document to the OpenAPI Initiative's schema of OpenAPI 3.1. The working directory has the packages.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const at = (name) => import(pathToFileURL(join(process.cwd(), 'node_modules/@hyperjump/json-schema', name)).href);
const { validate } = await at('openapi-3-1/index.js');

const output = await validate('https://spec.openapis.org/oas/3.1/schema-base', JSON.parse(readFileSync(process.argv[2], 'utf8')), 'BASIC');
if (!output.valid) {
  for (const e of (output.errors ?? []).slice(0, 30)) console.error(e.instanceLocation, e.absoluteKeywordLocation ?? e.keyword);
  process.exit(1);
}
