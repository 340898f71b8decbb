using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

public class MemoryTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task K33_no_data_key_stays_in_memory_and_the_identity_key_stands_in_protected_memory_only()
    {
        // A KMS that tells the truth about a data key this test knows, and so the sealed key too.
        var dataKey = HostileAnswers.KnownKey;
        using var knowing = fixture.Between(exchange => exchange.Operation is "GenerateDataKey" or "Decrypt" ? exchange.Forged(dataKey) : exchange.Answer);
        var maker = await Machine.StartProcessAsync();
        var row = await maker.BeginAsync();
        var restarted = await Machine.StartProcessAsync();
        Assert.Equal(State.Ready, (await restarted.ConfigureAsync(row)).State);
        var (identity, statement) = Secrets(row, dataKey);
        // Used once: an identity shown, a request refused.
        await restarted.Client.GetIdentityAsync(new GetIdentityRequest { Nonce = Google.Protobuf.ByteString.CopyFrom(new byte[32]) }, cancellationToken: TestContext.Current.CancellationToken);
        try
        {
            foreach (var enclave in new[] { maker, restarted })
            {
                Assert.Empty(ProcessMemory.Find(enclave.Id, dataKey));
                Assert.NotEmpty(ProcessMemory.Find(enclave.Id, identity));
                Assert.All(ProcessMemory.Find(enclave.Id, identity), place => Assert.True(place.IsProtected, $"identity key at {place.Address:x}"));
                Assert.All(ProcessMemory.Find(enclave.Id, statement), place => Assert.True(place.IsProtected, $"statement key at {place.Address:x}"));
                // The look is not blind: what is no secret is found.
                Assert.Contains(ProcessMemory.Find(enclave.Id, [.. row.PublicKey]), place => !place.IsProtected);
            }
        }
        catch (UnauthorizedAccessException)
        {
            // The process lets nobody of its own user look at all.
        }
    }

    [Fact]
    public async Task K24_nothing_secret_is_in_what_the_program_writes()
    {
        var dataKey = HostileAnswers.KnownKey;
        using var knowing = fixture.Between(exchange => exchange.Operation is "GenerateDataKey" or "Decrypt" ? exchange.Forged(dataKey) : exchange.Answer);
        var enclave = await Machine.StartProcessAsync();
        var row = await enclave.BeginAsync();
        await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync(7));
        var restarted = await Machine.StartProcessAsync();
        var bad = Machine.Credentials;
        bad.SecretAccessKey += "x";
        await restarted.ConfigureAsync(new UntrustedConfigure { Credentials = bad, Rows = { row } });
        Assert.Equal(State.Ready, (await restarted.ConfigureAsync(row)).State);
        Assert.Contains("sealed_key_exists", enclave.Output, StringComparison.Ordinal);
        var (identity, statement) = Secrets(row, dataKey);
        foreach (var output in new[] { enclave.Output, restarted.Output })
        {
            foreach (var secret in new[] { dataKey, identity, statement })
            {
                Assert.DoesNotContain(Convert.ToHexString(secret), output, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(Convert.ToBase64String(secret), output, StringComparison.Ordinal);
            }
            Assert.DoesNotContain(Machine.Credentials.SecretAccessKey, output, StringComparison.Ordinal);
            Assert.DoesNotContain(Machine.Credentials.AccessKeyId, output, StringComparison.Ordinal);
        }
    }

    internal static (byte[] Identity, byte[] Statement) Secrets(SealedKeyRow row, byte[] dataKey)
    {
        var publicKey = PublicKey.Parse(row.PublicKey.Span);
        var aad = SealedKeyAad.Of((int)row.EnclaveId, (int)row.KeyEpoch, publicKey, row.KmsKeyId, row.KmsEncryptedDek.Span);
        Assert.True(AesGcmWire.TryDecryptSecret(dataKey, aad, row.EncryptedPrivateKey.Span, out var secret));
        Assert.True(SecretKey.TryImport(secret.Span, out var identity));
        using var statement = StatementKey.Derive(identity);
        using var exported = statement.Export();
        return (secret.Span.ToArray(), exported.Span.ToArray());
    }
}
