import { FactsBuilder, type Facts } from '../facts.js';
import { lines, MAX_VALUES, noteEmpty, noteUnknown, putCount, RowLimit, words } from './text.js';

/** /proc/net/xfrm_stat: one `XfrmName value` a line (net/xfrm/xfrm_proc.c); counters `xfrm.XfrmInPolBlock` … */
export function parseXfrm(text: string): Facts {
  const facts = new FactsBuilder();
  const limit = new RowLimit(facts, MAX_VALUES);
  let any = false;
  for (const line of lines(text)) {
    any = true;
    const [name = '', value, ...rest] = words(line.text);
    if (!/^Xfrm\w{1,60}$/.test(name) || value === undefined || rest.length > 0) noteUnknown(facts, line.number);
    else if (limit.take()) putCount(facts, facts.counters, `xfrm.${name}`, value, line.number);
  }
  if (!any) noteEmpty(facts);
  return facts;
}
