import { admit, type Link } from './allow.js';

/** Builds a runbook's prose as nodes. The text is parsed into a document that runs nothing and loads nothing. */
export function prose(html: string, follow: (link: Exclude<Link, { kind: 'web' }>) => void): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const made = document.createDocumentFragment();
  copy(parsed.body, made, follow);
  return made;
}

function copy(from: Node, to: Node, follow: (link: Exclude<Link, { kind: 'web' }>) => void): void {
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) to.appendChild(document.createTextNode(child.textContent ?? ''));
    if (!(child instanceof Element)) continue;
    const admission = admit(child.localName, (name) => child.getAttribute(name));
    switch (admission.kind) {
      case 'element': {
        const made = document.createElement(admission.tag);
        for (const [name, value] of admission.attributes) made.setAttribute(name, value);
        to.appendChild(made);
        copy(child, made, follow);
        break;
      }
      case 'link': {
        const made = anchor(admission.to, follow);
        to.appendChild(made);
        copy(child, made, follow);
        break;
      }
      case 'unwrap':
        copy(child, to, follow);
        break;
      case 'drop':
        break;
    }
  }
}

function anchor(link: Link, follow: (link: Exclude<Link, { kind: 'web' }>) => void): HTMLElement {
  if (link.kind === 'web') {
    const made = document.createElement('a');
    made.href = link.href;
    made.rel = 'noreferrer';
    return made;
  }
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'link';
  made.addEventListener('click', () => follow(link));
  return made;
}
