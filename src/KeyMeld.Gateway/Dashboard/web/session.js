// The operator's token: in this tab's session storage, or in memory where there is none. It is in no URL, cookie or log.
const name = 'keymeld.operator';
let kept = null;

export const token = {
  get() {
    try {
      return sessionStorage.getItem(name) ?? kept;
    } catch {
      return kept;
    }
  },
  set(value) {
    kept = value;
    try {
      sessionStorage.setItem(name, value);
    } catch { /* memory has it */ }
  },
  forget() {
    kept = null;
    try {
      sessionStorage.removeItem(name);
    } catch { /* memory forgot it */ }
  },
};
