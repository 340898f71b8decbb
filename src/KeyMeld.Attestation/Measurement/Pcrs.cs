using System.Collections.Frozen;

namespace KeyMeld.Attestation;

/// <summary>The registers an attestation document reports, 48 bytes each, by index 0..31. Equal by content.</summary>
public sealed class Pcrs : IEquatable<Pcrs>
{
    private readonly FrozenDictionary<int, byte[]> _registers;

    internal Pcrs(IReadOnlyDictionary<int, byte[]> registers)
    {
        _registers = registers.ToFrozenDictionary();
        Indexes = [.. registers.Keys.Order()];
    }

    /// <summary>The indexes the document reports, ascending; 0, 1 and 2 are always among them.</summary>
    public IReadOnlyList<int> Indexes { get; }

    /// <summary>PCR0, the whole image, as lower-case hex.</summary>
    public string Pcr0 => this[0];

    /// <summary>PCR1, kernel and boot ramdisk, as lower-case hex.</summary>
    public string Pcr1 => this[1];

    /// <summary>PCR2, the application, as lower-case hex.</summary>
    public string Pcr2 => this[2];

    /// <summary>A register as 96 lower-case hex digits.</summary>
    /// <param name="index">0..31.</param>
    /// <exception cref="KeyNotFoundException">The document does not report it.</exception>
    public string this[int index] => Convert.ToHexStringLower(_registers[index]);

    /// <summary>Whether the document reports a register, and its 96 lower-case hex digits.</summary>
    /// <param name="index">0..31.</param>
    /// <param name="hex">The register.</param>
    public bool TryGet(int index, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? hex)
    {
        hex = _registers.TryGetValue(index, out var value) ? Convert.ToHexStringLower(value) : null;
        return hex is not null;
    }

    /// <summary>Whether a reported register is all zero: never measured, or hidden because the enclave runs in debug mode.</summary>
    /// <param name="index">0..31.</param>
    public bool IsZero(int index) => !_registers[index].AsSpan().ContainsAnyExcept((byte)0);

    /// <inheritdoc/>
    public bool Equals(Pcrs? other) =>
        other is not null && Indexes.SequenceEqual(other.Indexes) && Indexes.All(index => _registers[index].AsSpan().SequenceEqual(other._registers[index]));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Pcrs);

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(Pcr0, StringComparison.Ordinal);

    /// <summary>PCR0, PCR1 and PCR2 in hex.</summary>
    public override string ToString() => $"PCR0={Pcr0} PCR1={Pcr1} PCR2={Pcr2}";
}
