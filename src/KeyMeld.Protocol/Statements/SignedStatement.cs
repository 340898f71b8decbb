using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>A statement as it travels and is stored: the bytes that were signed, and signatures that nobody has looked at yet.</summary>
public sealed class SignedStatement
{
    /// <summary>Bytes and signatures as received.</summary>
    /// <param name="statement">The statement's bytes; they are not copied.</param>
    /// <param name="signatures">The signatures in the order the protocol gives.</param>
    public SignedStatement(ReadOnlyMemory<byte> statement, IReadOnlyList<SchnorrSignature> signatures)
    {
        Statement = statement;
        Signatures = signatures;
    }

    /// <summary>The statement's bytes.</summary>
    public ReadOnlyMemory<byte> Statement { get; }

    /// <summary>Registration: admission, authorisation. Every other statement: exactly one.</summary>
    public IReadOnlyList<SchnorrSignature> Signatures { get; }

    /// <summary>SHA-256 of the statement's bytes.</summary>
    public Hash32 Hash => Hash32.Sha256(Statement.Span);
}

/// <summary>What signatures of statements are over.</summary>
public static class StatementDigest
{
    /// <summary>TH("KeyMeld/v1/" + type, bytes).</summary>
    /// <param name="type">One of <see cref="StatementType"/>.</param>
    /// <param name="statement">The statement's bytes.</param>
    public static Hash32 Of(string type, ReadOnlySpan<byte> statement) => Hash32.Tagged("KeyMeld/v1/" + type, statement);
}
