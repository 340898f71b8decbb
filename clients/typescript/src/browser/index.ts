export { IndexedDbStore } from './indexedDbStore.js';
