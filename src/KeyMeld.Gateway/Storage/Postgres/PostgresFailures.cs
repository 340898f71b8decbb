// SQLSTATE: postgresql.org/docs, "PostgreSQL Error Codes".
using Npgsql;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>What an error of the server or the connection means.</summary>
internal static class PostgresFailures
{
    private const string OperatorIntervention = "57P";
    private const string RaisedByTrigger = "P0001";

    /// <summary>The connection is gone, by the network or by a server that stops.</summary>
    public static bool IsLost(NpgsqlException exception) => exception is PostgresException server
        ? server.SqlState.StartsWith(OperatorIntervention, StringComparison.Ordinal)
        : exception.InnerException is IOException or System.Net.Sockets.SocketException;

    /// <summary>The server did not say whether it did it.</summary>
    public static bool IsUnanswered(NpgsqlException exception) => exception is not PostgresException || IsLost(exception);

    /// <summary>The transaction gave way to another and can be repeated.</summary>
    public static bool IsConflict(NpgsqlException exception) => exception.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    /// <summary>A rule of the schema refused it.</summary>
    public static bool IsMisfit(PostgresException exception) =>
        exception.SqlState is RaisedByTrigger || exception.SqlState.StartsWith("22", StringComparison.Ordinal) || exception.SqlState.StartsWith("23", StringComparison.Ordinal);

    /// <summary>The reason without a stack, and without anything of the connection string.</summary>
    public static string Describe(Exception exception) => exception is PostgresException server
        ? $"{server.SqlState} {server.MessageText}"
        : exception.InnerException is { } inner ? $"{exception.Message} ({inner.Message})" : exception.Message;
}
