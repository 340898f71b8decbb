export { FileStore } from './fileStore.js';
