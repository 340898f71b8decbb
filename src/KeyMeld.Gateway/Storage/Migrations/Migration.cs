using System.Collections.Immutable;
using System.Text;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Migrations;

/// <summary>One step of the schema, up and down. Never changed once released: the digest of <paramref name="Up"/> is in the databases that ran it.</summary>
/// <param name="Number">From 1; the same step has the same number and name on every kind of database.</param>
internal sealed record Migration(int Number, string Name, string Up, string Down)
{
    /// <summary>Tables that the step down would drop with what is in them; it is refused while they hold rows.</summary>
    public ImmutableArray<string> Keeps { get; init; } = [];

    public string Digest => Hash32.Sha256(Encoding.UTF8.GetBytes(Up)).ToString();
}

/// <param name="Number">As the database has it.</param>
internal sealed record AppliedMigration(long Number, string Name, string Sha256);

/// <summary>What every migrator goes by.</summary>
internal static class MigrationRules
{
    /// <exception cref="KeyMeldException">storage_failed: the database was migrated by another or a newer program.</exception>
    public static void Check(IReadOnlyList<AppliedMigration> applied, IReadOnlyList<Migration> known)
    {
        if (applied.Count > known.Count)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The database has migration {applied[^1].Number} ({applied[^1].Name}), this program knows {known.Count}: start the newer program.");
        }
        for (var index = 0; index < applied.Count; index++)
        {
            var migration = known[index];
            if (applied[index] != new AppliedMigration(migration.Number, migration.Name, migration.Digest))
            {
                throw new KeyMeldException(ErrorCodes.StorageFailed, $"Migration {migration.Number} ({migration.Name}) in the database is not this program's; it was made by another program.");
            }
        }
    }

    /// <exception cref="KeyMeldException">bad_request: there is no such version.</exception>
    public static void RequireVersion(int target, IReadOnlyList<Migration> known)
    {
        if (target < 0 || target > known.Count)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"This program knows the schema versions 0 to {known.Count}, not {target}.");
        }
    }

    public static KeyMeldException WouldLose(Migration migration, string table) => new(ErrorCodes.DataWouldBeLost,
        $"Taking back migration {migration.Number} ({migration.Name}) would lose what table {table} holds; nothing was changed. Make a backup and empty the table first, if that is what you want.");
}
