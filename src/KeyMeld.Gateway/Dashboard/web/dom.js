// Elements are made and changed by the DOM only: no markup is ever put together from text.
const svgNamespace = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) {
      node.append(child);
    }
  }
  return node;
}

/** An HTML element. Null attributes and children are left out. */
export const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

/** An SVG element. */
export const svg = (name, attributes, ...children) => fill(document.createElementNS(svgNamespace, name), attributes, children);

/** Makes the content of a node what `children` are, keeping what is equal: focus, selection and opened details stay. */
export function show(parent, ...children) {
  merge(parent, fill(document.createDocumentFragment(), null, children));
}

const isSame = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.nodeType !== 1 || a.getAttribute('data-key') === b.getAttribute('data-key'));

function merge(target, source) {
  let place = target.firstChild;
  for (let next = source.firstChild; next; next = source.firstChild) {
    if (place && isSame(place, next)) {
      adopt(place, next);
      next.remove();
      place = place.nextSibling;
      continue;
    }
    const later = next.nodeType === 1 && next.dataset?.key !== undefined ? find(place, next) : null;
    if (later) {
      target.insertBefore(later, place);
      adopt(later, next);
      next.remove();
    } else {
      target.insertBefore(next, place);
    }
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function find(place, wanted) {
  for (let node = place; node; node = node.nextSibling) {
    if (isSame(node, wanted)) {
      return node;
    }
  }
  return null;
}

function adopt(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.data !== fresh.data) {
      old.data = fresh.data;
    }
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS')) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
  merge(old, fresh);
}
