import type { Case } from './bad-input.case.ts';
import { fieldCases } from './bad-input.fields.ts';
import { headerCases } from './bad-input.headers.ts';
import { jsonCases } from './bad-input.json.ts';
import { keyCases } from './bad-input.keys.ts';
import { methodCases } from './bad-input.methods.ts';
import { pathCases } from './bad-input.paths.ts';
import { protocolCases } from './bad-input.protocol.ts';
import { queryCases } from './bad-input.queries.ts';

/** Every hand-picked request. */
export const cases: Case[] = [
  ...protocolCases,
  ...methodCases,
  ...pathCases,
  ...queryCases,
  ...headerCases,
  ...keyCases,
  ...jsonCases,
  ...fieldCases,
];
