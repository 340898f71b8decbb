using System.Text.Json;
using System.Text.Json.Serialization;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>One line of what <c>KeyMeld.Gateway db</c> says: a step of the schema, a table, something broken, or with <see cref="Action"/> the end.</summary>
internal sealed record DbLineJson
{
    public int? Step { get; init; }

    public string? Name { get; init; }

    public string? Direction { get; init; }

    public string? Table { get; init; }

    public string? Row { get; init; }

    public string? Problem { get; init; }

    public long? Rows { get; init; }

    public string? Action { get; init; }

    public string? Database { get; init; }

    public string? Source { get; init; }

    public int? Version { get; init; }

    /// <summary>How many migrations this program knows beyond the version.</summary>
    public int? Behind { get; init; }

    public int? Problems { get; init; }

    public string? File { get; init; }

    public string? Sha256 { get; init; }

    public bool? DryRun { get; init; }

    /// <summary>Whether gateways know of the backup: not those of a schema that has no place for it.</summary>
    public bool? Noted { get; init; }

    public static string Of(DbLineJson line) => JsonSerializer.Serialize(line, DbJson.Default.DbLineJson);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DbLineJson))]
internal sealed partial class DbJson : JsonSerializerContext;
