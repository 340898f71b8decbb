// Light, dark or as the system has it. The choice is no secret and may outlive the tab.
const order = ['auto', 'light', 'dark'];
const stored = () => { try { return localStorage.getItem('theme'); } catch { return null; } };
const apply = theme => { document.documentElement.dataset.theme = theme; };

apply(order.includes(stored()) ? stored() : 'auto');

/** Lets a button go through the themes and say which one holds. */
export function bindTheme(button) {
  const show = () => { button.textContent = `Theme: ${document.documentElement.dataset.theme}`; };
  button.addEventListener('click', () => {
    const next = order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length];
    apply(next);
    try { localStorage.setItem('theme', next); } catch { /* it holds for this page */ }
    show();
  });
  show();
}
