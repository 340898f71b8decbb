// protocol.md section 7. BIP-86, BIP-341: what the key is after its tweak.
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>A single-signer key of this profile, as its enclave confirmed it. Holds no secret.</summary>
public sealed class OwnedKey
{
    internal OwnedKey(OwnedKeyRecord record, Signed<KeyStatement> statement, PublicKey publicKey)
    {
        (Record, Statement, PublicKey) = (record, statement, publicKey);
        Gateway = new Uri(record.Gateway);
    }

    /// <summary>SHA-256 of the key statement: the key's name.</summary>
    public Hash32 Id => Statement.Hash;

    /// <summary>What this profile calls it.</summary>
    public string? Label => Record.Label;

    /// <summary>The gateway it lives on.</summary>
    public Uri Gateway { get; }

    /// <summary>The public key, 33 bytes; ECDSA signatures verify under it.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Imported or made by the enclave.</summary>
    public KeySource Source => Statement.Value.Source;

    /// <summary>The enclave that hosts it.</summary>
    public GroupEnclave Enclave => GroupEnclave.Of(Statement.Value.Enclave);

    /// <summary>When the statement says it was made.</summary>
    public DateTimeOffset Created => UnixTime.ToDate(Statement.Value.Created);

    internal OwnedKeyRecord Record { get; }

    internal Signed<KeyStatement> Statement { get; }

    /// <summary>The x-only key that BIP-340 signatures with this tweak verify under.</summary>
    /// <param name="tweak">None, BIP-86, or the Merkle root of a script tree.</param>
    public XOnlyPublicKey OutputKey(SingleTweak tweak)
    {
        ArgumentNullException.ThrowIfNull(tweak);
        return SingleTweaks.OutputKey(PublicKey.ToXOnly(), tweak);
    }

    /// <summary>The taproot address that this key spends with the same tweak.</summary>
    /// <param name="network">The network.</param>
    /// <param name="tweak">BIP-86 when null: a plain wallet address.</param>
    public string Address(BitcoinNetwork network, SingleTweak? tweak = null) => TaprootAddress.Encode(OutputKey(tweak ?? new SingleTweak.Bip86()), network);
}

/// <summary>How far a key is.</summary>
public enum OwnedKeyState
{
    /// <summary>Stored here and perhaps posted; the enclave's answer is missing. <see cref="KeyOperations.ResumeAsync"/> asks for it.</summary>
    Pending,

    /// <summary>Confirmed by its enclave.</summary>
    Ready,

    /// <summary>Erased.</summary>
    Erased,
}

/// <summary>What this profile knows of one of its keys.</summary>
/// <param name="Id">SHA-256 of the key statement.</param>
/// <param name="Label">What this profile calls it.</param>
/// <param name="Gateway">The gateway it lives on.</param>
/// <param name="State">How far it is.</param>
/// <param name="Source">Imported or made.</param>
/// <param name="PublicKey">Null for a made key that is pending.</param>
public sealed record OwnedKeySummary(Hash32 Id, string? Label, Uri Gateway, OwnedKeyState State, KeySource Source, PublicKey? PublicKey)
{
    internal static OwnedKeySummary Of(OwnedKeyRecord record) => new(
        record.Key, record.Label, new Uri(record.Gateway), StateOf(record), KeyStatement.Parse(record.Statement.Statement).Source, record.PublicKey);

    private static OwnedKeyState StateOf(OwnedKeyRecord record) =>
        record.Erased ? OwnedKeyState.Erased : record.Unconfirmed is null ? OwnedKeyState.Ready : OwnedKeyState.Pending;
}
