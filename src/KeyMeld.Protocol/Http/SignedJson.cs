using System.Text.Json.Serialization;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Http;

/// <summary>A signed statement in JSON (section 9): the bytes in base64, the signatures in hex.</summary>
/// <param name="Statement">The statement's bytes, as signed.</param>
/// <param name="Signatures">In the order section 10 gives; one or two.</param>
public sealed record SignedJson([property: JsonRequired] byte[] Statement, IReadOnlyList<SchnorrSignature> Signatures)
{
    /// <summary>In the order section 10 gives; one or two.</summary>
    [JsonRequired]
    public IReadOnlyList<SchnorrSignature> Signatures { get; init; } = JsonLists.WithoutNull(Signatures);

    /// <summary>Of a statement.</summary>
    public static SignedJson Of(SignedStatement statement)
    {
        ArgumentNullException.ThrowIfNull(statement);
        return new SignedJson(statement.Statement.ToArray(), statement.Signatures);
    }

    /// <summary>The statement; nobody has looked at its signatures.</summary>
    public SignedStatement ToStatement() => new(Statement, Signatures);

    /// <summary>Equal when the statement's bytes and all signatures are.</summary>
    public bool Equals(SignedJson? other) => other is not null && Statement.AsSpan().SequenceEqual(other.Statement) && Signatures.SequenceEqual(other.Signatures);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Statement);
        return hash.ToHashCode();
    }
}
