using System.Text.Json.Serialization;

namespace KeyMeld.DevKit.Kms.Keys;

[JsonConverter(typeof(JsonStringEnumConverter<KeyState>))]
internal enum KeyState
{
    Enabled,
    Disabled,
    PendingDeletion,
}

/// <summary>One symmetric KMS key.</summary>
internal sealed record KeyRecord
{
    public required string KeyId { get; init; }

    public required string Arn { get; init; }

    /// <summary>Names the material: the 64 hexadecimal digits of KeyMaterialId, and the 32 bytes by which a ciphertext blob finds its key.</summary>
    public required string MaterialId { get; init; }

    public required KeyMaterial Material { get; init; }

    public required KeyState State { get; init; }

    public required DateTimeOffset Created { get; init; }

    public DateTimeOffset? DeletionDate { get; init; }

    public required string Description { get; init; }

    /// <summary>The key policy, byte for byte as it was put.</summary>
    public required string Policy { get; init; }

    public bool IsDeletedAt(DateTimeOffset now) => State == KeyState.PendingDeletion && DeletionDate <= now;
}

internal sealed record AliasRecord
{
    /// <summary>With its prefix `alias/`.</summary>
    public required string Name { get; init; }

    public required string TargetKeyId { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Updated { get; init; }
}
