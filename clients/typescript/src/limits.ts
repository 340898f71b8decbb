// protocol.md sections 6 and 10, "Limits" and "Refused otherwise".
/** What the protocol bounds. Sizes in bytes, times in milliseconds. */
export const limits = {
  statementBytes: 64 * 1024,
  termsBytes: 1024 * 1024,
  contextBytes: 1024 * 1024,
  frameBytes: 32 * 1024 * 1024,
  labelBytes: 256,
  identityBytes: 64 * 1024,
  enclaves: 16,
  participants: 100,
  subsets: 200,
  tweaks: 8,
  treeDepth: 128,
  items: 10_000,
  itemSigners: 65_536,
  distinctKeys: 256,
  minPoints: 2,
  maxPoints: 16,
  attempts: 16,
  requestLifetime: 24 * 60 * 60 * 1000,
  requestSkew: 2 * 60 * 1000,
} as const;
