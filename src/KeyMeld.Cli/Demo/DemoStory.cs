using System.Text;
using KeyMeld.Cli.Commands;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Demo;

/// <summary>The main job of KeyMeld, with real processes: three enclaves sign together, die, come back with the same keys, and sign again. Every step throws unless it did what it says.</summary>
internal sealed class DemoStory(StackOptions options, StepPrinter steps)
{
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        DevelopmentStack? stack = null;
        FleetView? fleet = null;
        Hash32 group = default;
        try
        {
            await steps.RunAsync("Start KMS emulator, NSM simulator, three enclaves and the gateway", async tell =>
            {
                stack = await DevelopmentStack.StartAsync(options, tell, cancellationToken);
                return $"{string.Join(", ", stack.Processes().Select(process => $"{process.Name} (pid {process.Id})"))}\ndashboard, while it lasts: {stack.Gateway}";
            });
            await steps.RunAsync("Genesis: each enclave makes its identity key and has it sealed by KMS, with attestation", async _ =>
            {
                fleet = await Scene.ReadyAsync(stack!, cancellationToken);
                return string.Join('\n', fleet.Keys.Select(key => $"enclave {key.Key}: identity key {key.Value}"));
            });
            var party = Party.On(stack!, Path.Combine(options.DataDirectory, "profiles"));
            await steps.RunAsync("Alice verifies the three attested identities", _ => party.Alice.OnlineAsync(client => VerifyEnclavesAsync(client, fleet!, cancellationToken)));
            await steps.RunAsync("Alice, Bob and Carol form a group, none of them online together", async _ =>
            {
                group = await party.FormAsync(people => new GroupPlan { Label = "demo treasury", Participants = people }, new JoinOptions(), cancellationToken);
                return Describe(await party.VerifyAsync(group, cancellationToken));
            });
            await steps.RunAsync("Alice asks to sign a file; Bob and Carol see it and approve; each verifies the signature",
                async _ => Describe(await party.SignAsync(group, "Pay 1.5 BTC to the supplier, invoice 2026-118.\n"u8.ToArray(), "payment order.txt", cancellationToken)));
            await steps.RunAsync("Kill all enclaves and the gateway (SIGKILL)", async _ =>
            {
                await stack!.KillEverythingAsync();
                return $"left running: {string.Join(", ", stack.Processes().Select(process => process.Name))}";
            });
            await steps.RunAsync("Start them again: KMS unseals, for this build only", async _ =>
            {
                await Task.WhenAll(stack!.StartEnclavesAsync(cancellationToken), stack.StartGatewayAsync(cancellationToken));
                Scene.SameKeys(fleet!, await Scene.ReadyAsync(stack, cancellationToken));
                return "all identity keys are byte-equal";
            });
            await steps.RunAsync("The old group signs a second file, too large to travel: the approvers compare their own copies",
                async _ => Describe(await party.SignAsync(group, LargeFile(), "contract.pdf", cancellationToken)));
            await steps.RunAsync("What the gateway's database holds: lengths, no secret", async _ =>
            {
                var rows = await DatabaseView.SealedKeysAsync(stack!.Layout.Database, cancellationToken);
                Scene.Require(rows.Count == options.Enclaves, "The database lacks a sealed key.");
                return string.Join('\n', rows.Select(row => $"enclave {row[0]}, epoch {row[1]}: kms_encrypted_dek {row[2]} bytes, encrypted_private_key {row[3]} bytes, public key {row[4]}"));
            });
        }
        finally
        {
            if (stack is not null)
            {
                await stack.DisposeAsync();
            }
        }
    }

    private static async Task<string> VerifyEnclavesAsync(KeyMeldClient client, FleetView fleet, CancellationToken cancellationToken)
    {
        List<string> lines = [];
        foreach (var number in fleet.Keys.Keys.Order())
        {
            var enclave = await client.Enclaves.VerifyAsync(number, cancellationToken);
            Scene.Require(enclave.Newest.Key.ToString() == fleet.Keys[number], "The attested key is not the announced one.");
            lines.Add($"enclave {number}: chain, signature, PCRs, nonce, time and key hold; PCR0 {enclave.Pcrs.Pcr0[..16]}…");
        }
        return string.Join('\n', lines);
    }

    private static string Describe(Group group) =>
        $"each recomputed the roster and the key and checked {group.Enclaves.Count} receipts\n" +
        $"fingerprint {group.Fingerprint}\noutput key {group.OutputKey}\naddress {group.Address(BitcoinNetwork.Regtest)} (regtest)";

    private static string Describe((ItemContent Saw, string Signature) signed)
    {
        var saw = signed.Saw switch
        {
            ItemContent.Shown shown => $"saw \"{Encoding.UTF8.GetString(shown.Data.Span).TrimEnd()}\"",
            ItemContent.Matched matched => FormattableString.Invariant($"compared their own copies of {matched.Length:N0} bytes"),
            _ => throw new StackException("The approvers saw nothing.", "gateway"),
        };
        return $"Bob and Carol {saw}\nsignature {signed.Signature}\nverified by all three (BIP-340)";
    }

    private static byte[] LargeFile()
    {
        var bytes = new byte[150_000];
        SecureRandom.Fill(bytes);
        return bytes;
    }
}
