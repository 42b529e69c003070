/**
 * What of a runbook's prose may become part of the page. The prose comes from our own renderer, and is rebuilt node by
 * node all the same: what is not named here does not get through.
 */
export type Admission =
  /** Make this element with these attributes, and go on with its children. */
  | { readonly kind: 'element'; readonly tag: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'link'; readonly to: Link }
  /** Leave the element away and go on with its children. */
  | { readonly kind: 'unwrap' }
  /** Leave the element away with all that is in it. */
  | { readonly kind: 'drop' };

/** Where a link in a runbook may lead. */
export type Link =
  | { readonly kind: 'web'; readonly href: string }
  | { readonly kind: 'runbook'; readonly id: string }
  | { readonly kind: 'step'; readonly id: string };

const PLAIN = new Set([
  'p', 'br', 'hr', 'strong', 'em', 's', 'del', 'kbd', 'sub', 'sup', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'dl', 'dt', 'dd',
  'table', 'thead', 'tbody', 'tr', 'th', 'td',
]);
/** The page's own headings are h1 and h2; prose stands below them, and no level may be skipped. */
const HEADINGS: ReadonlyMap<string, string> = new Map([
  ['h1', 'h3'], ['h2', 'h3'], ['h3', 'h3'], ['h4', 'h4'], ['h5', 'h5'], ['h6', 'h6'],
]);
/** Elements whose content is not text for a reader. */
const DROPPED = new Set([
  'script', 'style', 'template', 'noscript', 'iframe', 'frame', 'object', 'embed', 'applet', 'svg', 'math', 'textarea', 'select',
  'title', 'head', 'meta', 'link', 'base', 'noembed', 'noframes', 'xmp', 'plaintext', 'audio', 'video', 'canvas',
]);
const ALIGNMENT = /^ta-(?:left|right|center)$/;

/** Judges one element by its tag (lower case) and its attributes. */
export function admit(tag: string, attribute: (name: string) => string | null): Admission {
  if (DROPPED.has(tag)) return { kind: 'drop' };
  if (tag === 'a') {
    const to = link(attribute('href') ?? '');
    return to === undefined ? { kind: 'unwrap' } : { kind: 'link', to };
  }
  const heading = HEADINGS.get(tag);
  if (heading !== undefined) return element(heading);
  if (!PLAIN.has(tag)) return { kind: 'unwrap' };
  if (tag === 'th' || tag === 'td') {
    const alignment = attribute('class') ?? '';
    const attributes = new Map<string, string>();
    if (tag === 'th') attributes.set('scope', 'col');
    if (ALIGNMENT.test(alignment)) attributes.set('class', alignment);
    return { kind: 'element', tag, attributes };
  }
  const start = tag === 'ol' ? attribute('start') : null;
  if (start !== null && /^\d{1,4}$/.test(start)) return { kind: 'element', tag, attributes: new Map([['start', start]]) };
  return element(tag);
}

const element = (tag: string): Admission => ({ kind: 'element', tag, attributes: new Map() });

/** `https://…`, `#step`, or another runbook's file beside this one; anything else is no link. */
export function link(href: string): Link | undefined {
  const step = /^#([A-Za-z0-9][A-Za-z0-9_-]{0,99})$/.exec(href);
  if (step?.[1] !== undefined) return { kind: 'step', id: step[1] };
  const runbook = /^(?:\.{1,2}\/)?(?:causes\/)?([a-z0-9][a-z0-9-]{0,99})\.md$/.exec(href);
  if (runbook?.[1] !== undefined) return { kind: 'runbook', id: runbook[1] };
  if (!/^https:\/\//i.test(href)) return undefined;
  try {
    const url = new URL(href);
    return url.protocol === 'https:' && url.username === '' && url.password === '' ? { kind: 'web', href: url.href } : undefined;
  } catch {
    return undefined;
  }
}
