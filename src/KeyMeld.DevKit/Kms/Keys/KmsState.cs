using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace KeyMeld.DevKit.Kms.Keys;

/// <summary>Everything the emulator keeps, immutable: a request works on one consistent picture while others change it.</summary>
internal sealed record KmsState
{
    public const int CurrentVersion = 1;

    public static readonly KmsState Empty = new();

    public int Version { get; init; } = CurrentVersion;

    public ImmutableSortedDictionary<string, KeyRecord> Keys { get; init; } = NoneOf<KeyRecord>();

    public ImmutableSortedDictionary<string, AliasRecord> Aliases { get; init; } = NoneOf<AliasRecord>();

    public KeyRecord? FindByMaterial(string materialId) => Keys.Values.FirstOrDefault(key => key.MaterialId == materialId);

    public KmsState WithKey(KeyRecord key) => this with { Keys = Keys.SetItem(key.KeyId, key) };

    public KmsState WithAlias(AliasRecord alias) => this with { Aliases = Aliases.SetItem(alias.Name, alias) };

    /// <summary>Without the keys whose waiting period is over, and their aliases.</summary>
    public KmsState WithoutDeletedAt(DateTimeOffset now)
    {
        var gone = Keys.Values.Where(key => key.IsDeletedAt(now)).Select(key => key.KeyId).ToHashSet();
        return gone.Count == 0
            ? this
            : this with
            {
                Keys = Keys.RemoveRange(gone),
                Aliases = Aliases.RemoveRange(Aliases.Values.Where(alias => gone.Contains(alias.TargetKeyId)).Select(alias => alias.Name)),
            };
    }

    private static ImmutableSortedDictionary<string, T> NoneOf<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(KmsStateFile))]
internal sealed partial class KmsStateJson : JsonSerializerContext;

/// <summary>The form of kms.json.</summary>
internal sealed record KmsStateFile
{
    public required int Version { get; init; }

    public required IReadOnlyList<KeyRecord> Keys { get; init; }

    public required IReadOnlyList<AliasRecord> Aliases { get; init; }
}
