# Thin aliases for ./keymeld; `npx rust-just RECIPE` works where just is not installed.

# List the recipes.
default:
    @just --list

# Start the development stack in the foreground.
start *args:
    ./keymeld up {{args}}

# Stop a stack that runs elsewhere.
stop *args:
    ./keymeld down {{args}}

# Gateway and enclaves: who is ready, who is locked and why.
status *args:
    ./keymeld status {{args}}

# The whole story, with real processes.
demo *args:
    ./keymeld demo {{args}}

# Build everything.
build:
    dotnet build KeyMeld.slnx

# Pack the SDK and the tool, and use both as a stranger does.
packages:
    eng/packages.sh

# All tests.
test *args:
    dotnet test {{args}}

# The TypeScript client: generated files compared, compiled, tested, packed.
test-typescript *args:
    eng/typescript.sh {{args}}

# The end-to-end KMS check; `just test-kms-e2e --plain` without attestation.
test-kms-e2e *args:
    ./keymeld test-kms-e2e {{args}}

# Latency, throughput and the libsecp256k1 floor, on this machine.
bench *args:
    ./keymeld bench {{args}}

# Many signings at once: latency percentiles, rate, processor time.
load *args:
    ./keymeld load {{args}}

# Sign while everything is killed at random, then watch the memory.
soak minutes="30" *args:
    eng/soak.sh {{minutes}} {{args}}

# Measure rate and latency on the published programs and hold them against what is aimed at.
aims:
    eng/aims.sh

# Kill enclaves and gateways at the steps of hundreds of geneses, unseals and key changes.
crashes *args:
    eng/crashes.sh {{args}}

# Remove every named check of KMS, CMS, attestation and sealing once, and see a test fail (half an hour).
mutate *args:
    dotnet run eng/mutate.cs {{args}}

# Remove what was built and the development data.
clean:
    rm -rf artifacts data
