namespace KeyMeld.Protocol.Statements;

/// <summary>A statement: deterministic CBOR that somebody signs as bytes (protocol.md section 2).</summary>
/// <typeparam name="TSelf">The statement's own type.</typeparam>
public interface IStatement<TSelf>
    where TSelf : class, IStatement<TSelf>
{
    /// <summary>One of <see cref="StatementType"/>; it enters the tag of the signed digest.</summary>
    static abstract string Type { get; }

    /// <summary>Parses strictly.</summary>
    /// <exception cref="Errors.KeyMeldException"><c>statement_invalid</c>, or <c>limit_exceeded</c>.</exception>
    static abstract TSelf Parse(ReadOnlySpan<byte> bytes);

    /// <summary>The only encoding of this value.</summary>
    /// <exception cref="Errors.KeyMeldException">The value is not one that <see cref="Parse"/> accepts.</exception>
    byte[] Encode();
}

/// <summary>The nine types of statement.</summary>
public static class StatementType
{
#pragma warning disable CS1591 // the words are their own explanation
    public const string Manifest = "manifest";
    public const string Registration = "registration";
    public const string SigningRequest = "signing-request";
    public const string Approval = "approval";
    public const string Cancel = "cancel";
    public const string Erase = "erase";
    public const string Key = "key";
    public const string KeyErase = "key-erase";
    public const string SingleSign = "single-sign";
#pragma warning restore CS1591
}
