#!/usr/bin/env bash
# clients/typescript: installs what its lock file names, compares what is generated with docs/api, compiles, tests, packs and uses the package.
# `eng/typescript.sh build` stops after compiling; the tests of the C# side call that.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root/clients/typescript"
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "error: $tool is not on PATH. Install Node.js 20 or later, then run this again." >&2; exit 1; }
done
mkdir -p "$root/artifacts"
exec 9>"$root/artifacts/.typescript.lock"
flock 9
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  "$root/eng/again.sh" npm ci --silent --no-audit --no-fund --ignore-scripts
fi
node scripts/generate.mjs --check
rm -rf dist build
npm run --silent build
npx --no-install tsc -p tsconfig.test.json
[ "${1:-all}" != build ] || exit 0

npm run --silent test:only

# What is published is what somebody else can import, types and all.
packed="$root/artifacts/typescript"
rm -rf "$packed"
mkdir -p "$packed/node_modules/@keymeld/client"
npm pack --silent --pack-destination "$packed" >/dev/null
tar -xzf "$packed"/keymeld-client-*.tgz -C "$packed/node_modules/@keymeld/client" --strip-components 1
cp -r node_modules/@noble "$packed/node_modules/"
cd "$packed"
test -s node_modules/@keymeld/client/LICENSE && test -s node_modules/@keymeld/client/README.md
cat >use.mts <<'END'
import { Invitation, KeyMeldError, Profile } from '@keymeld/client';
import { FileStore } from '@keymeld/client/node';
const profile: Profile = Profile.inMemory();
profile.wipe();
try {
  Invitation.parse('nothing');
} catch (error) {
  if (error instanceof KeyMeldError && error.code === 'invitation_invalid' && typeof FileStore.open === 'function') {
    console.log('the package can be used');
  }
}
END
# The README's TypeScript, in one module.
{ echo 'declare const passphrase: Uint8Array;'; sed -n '/^```ts$/,/^```$/{/^```/d;p}' "$root/clients/typescript/README.md"; } >readme.mts
"$root/clients/typescript/node_modules/.bin/tsc" --module nodenext --strict --skipLibCheck --types node --typeRoots "$root/clients/typescript/node_modules/@types" --lib es2023,es2024.string,dom,dom.iterable,dom.asynciterable use.mts readme.mts
[ "$(node use.mjs)" = "the package can be used" ]
