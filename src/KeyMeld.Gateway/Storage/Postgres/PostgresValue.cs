using KeyMeld.Protocol.Ids;
using Npgsql;
using NpgsqlTypes;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>One parameter with its type, which a null has too.</summary>
internal readonly struct PostgresValue
{
    private readonly object? _value;
    private readonly NpgsqlDbType _type;

    private PostgresValue(object? value, NpgsqlDbType type) => (_value, _type) = (value, type);

    public static implicit operator PostgresValue(byte[]? value) => new(value, NpgsqlDbType.Bytea);

    public static implicit operator PostgresValue(Hash32 value) => new(value.ToArray(), NpgsqlDbType.Bytea);

    public static implicit operator PostgresValue(Id16 value) => new(value.ToArray(), NpgsqlDbType.Bytea);

    public static implicit operator PostgresValue(long? value) => new(value, NpgsqlDbType.Bigint);

    public static implicit operator PostgresValue(string? value) => new(value, NpgsqlDbType.Text);

    public NpgsqlParameter ToParameter() => new() { NpgsqlDbType = _type, Value = _value ?? DBNull.Value };
}
