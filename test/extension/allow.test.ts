import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, link } from '../../src/webview/allow.js';

const no = (): null => null;
const having = (attributes: Record<string, string>) => (name: string): string | null =>
  Object.hasOwn(attributes, name) ? (attributes[name] ?? null) : null;

describe('what prose may bring into the page', () => {
  it.each(['script', 'style', 'iframe', 'object', 'svg', 'math', 'template', 'base', 'meta', 'noscript', 'textarea'])(
    'leaves <%s> away with its content',
    (tag) => expect(admit(tag, no)).toEqual({ kind: 'drop' }),
  );

  it.each(['form', 'button', 'input', 'div', 'x-custom', 'constructor', 'img', 'details'])('keeps only the text of <%s>', (tag) => {
    expect(admit(tag, having({ onclick: 'x', src: 'x' }))).toEqual({ kind: 'unwrap' });
  });

  it('keeps no attribute but those it makes itself', () => {
    const attributes = having({ style: 'x', onclick: 'x', id: 'page', class: 'ta-right evil', href: 'x', start: '1e9' });
    for (const tag of ['p', 'td', 'ol', 'code', 'pre', 'h3']) {
      const admission = admit(tag, attributes);
      expect(admission.kind === 'element' ? [...admission.attributes] : ['other']).toEqual([]);
    }
    expect(admit('td', having({ class: 'ta-right' }))).toMatchObject({ attributes: new Map([['class', 'ta-right']]) });
  });

  it('moves headings below those of the page', () => {
    expect(admit('h1', no)).toMatchObject({ tag: 'h3' });
    expect(admit('h3', no)).toMatchObject({ tag: 'h3' });
    expect(admit('h4', no)).toMatchObject({ tag: 'h4' });
  });
});

describe('links', () => {
  it('lead to the web, to a runbook, or to a step', () => {
    expect(link('https://docs.kernel.org/networking/')).toEqual({ kind: 'web', href: 'https://docs.kernel.org/networking/' });
    expect(link('causes/app-accept-too-slow.md')).toEqual({ kind: 'runbook', id: 'app-accept-too-slow' });
    expect(link('../packet-loss.md')).toEqual({ kind: 'runbook', id: 'packet-loss' });
    expect(link('#ring-buffer')).toEqual({ kind: 'step', id: 'ring-buffer' });
  });

  it.each([
    'javascript:alert(1)', ' javascript:alert(1)', 'java\nscript:x', 'data:text/html,x', 'command:workbench.action.terminal.new', 'vscode://x', 'http://plain/',
    'file:///etc/passwd', '//evil', 'https://user:pw@host/', 'https://', '../../etc/passwd', '#', '',
  ])('not to %j', (href) => {
    expect(link(href)).toBeUndefined();
  });

  it('have no other scheme, whatever stands in them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ validSchemes: ['http', 'https', 'ftp', 'javascript'] })), (href) => {
        const to = link(href);
        if (to?.kind === 'web') expect(new URL(to.href).protocol).toBe('https:');
      }),
      { seed: 5 },
    );
  });
});
