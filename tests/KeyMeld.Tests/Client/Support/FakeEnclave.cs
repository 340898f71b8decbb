using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Keys;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Client.Support;

/// <summary>An honest enclave as a client sees it: keys by epoch and an identity that its module attests.</summary>
internal sealed class FakeEnclave(int number, FakeModule module) : IDisposable
{
    private readonly List<(int Epoch, SecretKey Identity, SecretKey Statement)> _epochs = [];

    public int Number => number;

    public EnclaveMode Mode { get; set; } = EnclaveMode.Development;

    public string KmsKeyArn { get; set; } = "arn:aws:kms:us-west-2:000000000000:key/11111111-2222-3333-4444-555555555555";

    public SecretKey Identity => _epochs[^1].Identity;

    public SecretKey Statement => _epochs[^1].Statement;

    public PublicKey Key => Identity.PublicKey;

    public SecretKey IdentityOf(PublicKey key) => _epochs.Single(epoch => epoch.Identity.PublicKey == key).Identity;

    public SecretKey StatementOf(PublicKey key) => _epochs.Single(epoch => epoch.Identity.PublicKey == key).Statement;

    public FakeEnclave AddEpoch(int? epoch = null)
    {
        var identity = SecretKey.Generate();
        _epochs.Add((epoch ?? _epochs.Count + 1, identity, StatementKey.Derive(identity)));
        return this;
    }

    public void DropEpochs() => _epochs.Clear();

    /// <summary>The enclave's own desk for keys, over its keys of now.</summary>
    public KeyDesk Desk(FakeTimeProvider clock) => new(
        KeyKeeper.Holding((uint)number, [.. _epochs.Select(epoch => new EpochIdentity(epoch.Epoch, epoch.Identity, epoch.Statement))]), new DeskClock(clock), new MemoryBudget(1 << 20));

    public byte[] Document() => new IdentityDocument
    {
        Mode = Mode,
        Id = number,
        Keys = [.. _epochs.Select(epoch => new EpochKeys(epoch.Epoch, epoch.Identity.PublicKey, epoch.Statement.XOnlyPublicKey))],
        Kms = KmsKeyArn,
        Config = Hash32.Sha256("configuration"u8),
        Protocols = [1],
        Software = "keymeld-enclave test",
        Boot = Id16.Random(),
    }.Encode();

    public (byte[] Identity, byte[] Attestation) Attest(byte[] nonce)
    {
        var identity = Document();
        return (identity, module.Sign(IdentityDocument.UserData(identity).ToArray(), nonce));
    }

    private sealed class DeskClock(FakeTimeProvider clock) : EnclaveClock
    {
        public override long NowMs => clock.GetUtcNow().ToUnixTimeMilliseconds();
    }

    public void Dispose()
    {
        foreach (var (_, identity, statement) in _epochs)
        {
            identity.Dispose();
            statement.Dispose();
        }
    }
}
