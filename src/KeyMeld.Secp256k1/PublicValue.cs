namespace KeyMeld.Secp256k1;

/// <summary>
/// A public value of fixed length, validated when it was made and immutable since: having one is the proof that it is well-formed. Equal to another of its
/// type by content.
/// </summary>
/// <typeparam name="TSelf">The deriving type.</typeparam>
public abstract class PublicValue<TSelf> : IEquatable<TSelf>
    where TSelf : PublicValue<TSelf>
{
    private protected PublicValue()
    {
    }

    /// <summary>The serialisation of this value.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Whether both have the same content.</summary>
    public static bool operator ==(PublicValue<TSelf>? left, PublicValue<TSelf>? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether the contents differ.</summary>
    public static bool operator !=(PublicValue<TSelf>? left, PublicValue<TSelf>? right) => !(left == right);

    /// <summary>Whether <paramref name="other"/> has the same content.</summary>
    public bool Equals(TSelf? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => obj is TSelf other && Equals(other);

    /// <inheritdoc/>
    public sealed override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>The bytes in lower-case hexadecimal.</summary>
    public sealed override string ToString() => Convert.ToHexStringLower(Bytes);
}
