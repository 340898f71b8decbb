using KeyMeld.Protocol.Encoding;

namespace KeyMeld.Protocol.Statements;

/// <summary>Where a key comes from.</summary>
public enum KeySource
{
    /// <summary>The owner's own secret, sealed to the enclave.</summary>
    Imported,

    /// <summary>Made inside the enclave.</summary>
    Made,

    /// <summary>Kept by the owner, who takes part in the rounds.</summary>
    Home,
}

/// <summary>What an approval decides.</summary>
public enum Decision
{
    /// <summary>The request may be signed.</summary>
    Approve,

    /// <summary>It may not; final.</summary>
    Reject,
}

/// <summary>How a single-signer key signs.</summary>
public enum SingleSignAlgorithm
{
    /// <summary>BIP-340 Schnorr.</summary>
    Bip340,

    /// <summary>ECDSA with RFC 6979 nonces and low s, 64 bytes compact.</summary>
    Ecdsa,
}

/// <summary>What an enclave's configuration says it is.</summary>
public enum EnclaveMode
{
    /// <summary>The only mode clients accept outside development.</summary>
    Production,

    /// <summary>Trusts a development root and a KMS stand-in.</summary>
    Development,
}

/// <summary>The closed words of the protocol; each value has exactly one text.</summary>
internal static class Words
{
    private static readonly string[] Sources = ["imported", "made", "home"];
    private static readonly string[] Decisions = ["approve", "reject"];
    private static readonly string[] Algorithms = ["bip340", "ecdsa"];
    private static readonly string[] Modes = ["production", "development"];

    public static string Text(this KeySource value) => Sources[(int)value];

    public static string Text(this Decision value) => Decisions[(int)value];

    public static string Text(this SingleSignAlgorithm value) => Algorithms[(int)value];

    public static string Text(this EnclaveMode value) => Modes[(int)value];

    public static KeySource ReadSource(this ref StrictCborReader reader) => (KeySource)ReadWord(ref reader, Sources);

    public static Decision ReadDecision(this ref StrictCborReader reader) => (Decision)ReadWord(ref reader, Decisions);

    public static SingleSignAlgorithm ReadAlgorithm(this ref StrictCborReader reader) => (SingleSignAlgorithm)ReadWord(ref reader, Algorithms);

    public static EnclaveMode ReadMode(this ref StrictCborReader reader) => (EnclaveMode)ReadWord(ref reader, Modes);

    private static int ReadWord(ref StrictCborReader reader, string[] words)
    {
        var index = Array.IndexOf(words, reader.ReadText(Limits.LabelBytes));
        return index >= 0 ? index : throw reader.Invalid($"has a word other than {string.Join(", ", words)} before byte {reader.Position}");
    }
}
