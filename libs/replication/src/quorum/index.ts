export * from './majority.js';
