#!/usr/bin/env bash
# Packs the SDK and the tool into artifacts/packages, and uses them as a stranger does: a program that references the package, and the installed tool.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out="$root/artifacts/packages"
work="$root/artifacts/packages-used"
rm -rf "$out" "$work"
mkdir -p "$work"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# A version of its own each time: NuGet keeps what it has once seen of a version.
version="0.1.0-check.$(date +%s)"
dotnet pack "$root/KeyMeld.slnx" --nologo -v q -o "$out" -p:PackageVersion="$version" >"$root/artifacts/pack.log" 2>&1 || { cat "$root/artifacts/pack.log"; exit 1; }
expected="KeyMeld.Attestation KeyMeld.Client KeyMeld.Protocol KeyMeld.Secp256k1 keymeld"
found=$(cd "$out" && ls ./*.nupkg | sed "s|^\./||; s|\.$version\.nupkg$||" | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')
[ "$found" = "$expected" ] || { echo "packed $found instead of $expected"; exit 1; }

# The SDK: makes a key and signs with it, which needs the native library out of the package.
mkdir "$work/app"
for file in Directory.Build.props Directory.Build.targets Directory.Packages.props; do # a stranger's program has none of this repository's
  echo "<Project />" >"$work/$file"
done
cat >"$work/app/app.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <RestoreAdditionalProjectSources>$out</RestoreAdditionalProjectSources>
    <RestorePackagesPath>$work/cache</RestorePackagesPath>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="KeyMeld.Client" Version="$version" />
  </ItemGroup>
</Project>
XML
cat >"$work/app/Program.cs" <<'CS'
using KeyMeld.Client;
using KeyMeld.Secp256k1;

using var profile = Profile.Create(Path.Combine(args[0], "profile"));
using var key = SecretKey.Generate();
var message = new byte[32];
var signature = key.SignSchnorr(message);
Console.WriteLine(key.PublicKey.ToXOnly().Verify(message, signature) ? "the package signs" : "the package does not sign");
CS
"$root/eng/again.sh" dotnet restore "$work/app" --nologo -v q
said=$(dotnet run --no-restore --project "$work/app" -- "$work") || { echo "$said"; exit 1; }
[ "$said" = "the package signs" ] || { echo "$said"; exit 1; }

# The tool: installed from the package, it runs the whole job with the programs it brings along.
"$root/eng/again.sh" dotnet tool install keymeld --version "$version" --add-source "$out" --tool-path "$work/tools" --no-http-cache >"$work/install.log" 2>&1 || { cat "$work/install.log"; exit 1; }
cd "$work"
env -u KEYMELD_PROGRAMS tools/keymeld demo --data "$work/data" >"$work/demo.log" 2>&1 || { tail -n 40 "$work/demo.log"; exit 1; }
ls -la "$out" | awk '/nupkg/ {print $9, $5, "bytes"}'
echo "the SDK signs out of its package; the installed tool runs the demo"
