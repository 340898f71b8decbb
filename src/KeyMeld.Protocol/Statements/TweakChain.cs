// protocol.md sections 5 and 10: chain = [*8 tweak].
using System.Diagnostics.CodeAnalysis;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>One step from an aggregate key towards its output key.</summary>
public abstract record Tweak
{
    private Tweak()
    {
    }

    internal static Tweak Read(ref StrictCborReader reader)
    {
        var map = reader.ReadMap();
        var tree = reader.TryKey(ref map, "tree"u8) ? ScriptTree.Read(ref reader) : null;
        reader.Key(ref map, "type"u8);
        var type = reader.ReadText(Limits.LabelBytes);
        Tweak tweak = (type, tree) switch
        {
            ("taproot", not null) => new Taproot(tree),
            ("bip86", null) => new Bip86(),
            ("plain", null) => new Plain(ReadValue(ref reader, ref map)),
            ("xonly", null) => new XOnly(ReadValue(ref reader, ref map)),
            _ => throw reader.Invalid($"has an unknown tweak before byte {reader.Position}"),
        };
        reader.EndMap(map);
        return tweak;
    }

    internal abstract void Write(CborEncoder encoder);

    private static Hash32 ReadValue(ref StrictCborReader reader, ref int map)
    {
        reader.Key(ref map, "tweak"u8);
        return reader.ReadHash();
    }

    /// <summary>BIP-86: a key-path-only output, the TapTweak of the key alone. Only last.</summary>
    public sealed record Bip86 : Tweak
    {
        internal override void Write(CborEncoder encoder) => encoder.Map(1).Key("type"u8).Utf8("bip86"u8);
    }

    /// <summary>BIP-341: the TapTweak of the key and a complete script tree. Only last.</summary>
    /// <param name="Tree">All scripts that can spend.</param>
    public sealed record Taproot(ScriptTree Tree) : Tweak
    {
        internal override void Write(CborEncoder encoder)
        {
            Tree.Write(encoder.Map(2).Key("tree"u8));
            encoder.Key("type"u8).Utf8("taproot"u8);
        }
    }

    /// <summary>BIP-327 plain tweak.</summary>
    /// <param name="Value">The scalar.</param>
    public sealed record Plain(Hash32 Value) : Tweak
    {
        internal override void Write(CborEncoder encoder) => encoder.Map(2).Key("type"u8).Utf8("plain"u8).Key("tweak"u8).Hash(Value);
    }

    /// <summary>BIP-327 x-only tweak.</summary>
    /// <param name="Value">The scalar.</param>
    public sealed record XOnly(Hash32 Value) : Tweak
    {
        internal override void Write(CborEncoder encoder) => encoder.Map(2).Key("type"u8).Utf8("xonly"u8).Key("tweak"u8).Hash(Value);
    }
}

/// <summary>Up to eight tweaks, applied in order. Two chains are equal when their encodings are.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "The protocol calls it a chain.")]
public sealed class TweakChain : IEquatable<TweakChain>
{
    private readonly byte[] _encoded;

    /// <summary>A chain of these tweaks.</summary>
    /// <exception cref="Errors.KeyMeldException">There are more than eight, or <c>bip86</c> or <c>taproot</c> is not last.</exception>
    public TweakChain(IReadOnlyList<Tweak> tweaks)
    {
        Rules.Require(tweaks.Count <= Limits.Tweaks, $"A chain has at most {Limits.Tweaks} tweaks.");
        Rules.Require(tweaks.SkipLast(1).All(tweak => tweak is Tweak.Plain or Tweak.XOnly), "bip86 and taproot can only be last in a chain.");
        Tweaks = [.. tweaks];
        var encoder = new CborEncoder().Array(Tweaks.Count);
        foreach (var tweak in Tweaks)
        {
            tweak.Write(encoder);
        }
        _encoded = encoder.ToArray();
        Hash = Hash32.Sha256(_encoded);
    }

    /// <summary>No tweak: the aggregate key itself.</summary>
    public static TweakChain Empty { get; } = new([]);

    /// <summary>The tweaks in order.</summary>
    public IReadOnlyList<Tweak> Tweaks { get; }

    /// <summary>SHA-256 of the encoded chain.</summary>
    public Hash32 Hash { get; }

    /// <summary>Bytes of its encoding.</summary>
    public int EncodedLength => _encoded.Length;

    /// <inheritdoc/>
    public bool Equals(TweakChain? other) => other is not null && Hash == other.Hash;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TweakChain);

    /// <inheritdoc/>
    public override int GetHashCode() => Hash.GetHashCode();

    internal static TweakChain Read(ref StrictCborReader reader)
    {
        var count = reader.ReadArray(0, Limits.Tweaks);
        if (count == 0)
        {
            return Empty;
        }
        var tweaks = new Tweak[count];
        for (var i = 0; i < count; i++)
        {
            tweaks[i] = Tweak.Read(ref reader);
        }
        return new TweakChain(tweaks);
    }

    internal void Write(CborEncoder encoder) => encoder.Raw(_encoded);
}
