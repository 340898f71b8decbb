using System.Security.Cryptography;

namespace KeyMeld.Attestation;

/// <summary>What one optional field of a document has to be. The cases are the whole set.</summary>
public abstract class FieldExpectation
{
    private FieldExpectation()
    {
    }

    /// <summary>Whatever it is, or absent: for a verifier that passes the field on to somebody who knows.</summary>
    public static FieldExpectation Any { get; } = new Anything();

    /// <summary>Null or left out.</summary>
    public static FieldExpectation Absent { get; } = new Missing();

    /// <summary>There, with any content.</summary>
    public static FieldExpectation Present { get; } = new Existing();

    /// <summary>There, and these bytes exactly; compared in constant time.</summary>
    /// <param name="value">The expected bytes; they are copied.</param>
    public static FieldExpectation EqualTo(ReadOnlySpan<byte> value) => new Exactly(value.ToArray());

    internal abstract bool IsMetBy(ReadOnlyMemory<byte>? value);

    private sealed class Anything : FieldExpectation
    {
        internal override bool IsMetBy(ReadOnlyMemory<byte>? value) => true;
    }

    private sealed class Missing : FieldExpectation
    {
        internal override bool IsMetBy(ReadOnlyMemory<byte>? value) => value is null;
    }

    private sealed class Existing : FieldExpectation
    {
        internal override bool IsMetBy(ReadOnlyMemory<byte>? value) => value is not null;
    }

    private sealed class Exactly(byte[] expected) : FieldExpectation
    {
        internal override bool IsMetBy(ReadOnlyMemory<byte>? value) => value is { } bytes && CryptographicOperations.FixedTimeEquals(bytes.Span, expected);
    }
}
