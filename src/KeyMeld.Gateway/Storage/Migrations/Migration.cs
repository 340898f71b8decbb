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

    /// <summary>What else the step down would drop; it is refused while there is any, unless an operator named it as what may go.</summary>
    public ImmutableArray<Loss> Loses { get; init; } = [];

    public string Digest => Hash32.Sha256(Encoding.UTF8.GetBytes(Up)).ToString();
}

/// <summary>Something that may go where somebody says so.</summary>
/// <param name="Name">What it is called: a table, or a column as TABLE.COLUMN.</param>
internal sealed record Loss(string Name)
{
    /// <summary>The table it is in.</summary>
    public string Table => Name.Split('.')[0];

    /// <summary>A statement that finds a row with something to lose.</summary>
    public string Sql => Name.Split('.') is [var table, var column] ? $"SELECT 1 FROM {table} WHERE {column} IS NOT NULL LIMIT 1" : $"SELECT 1 FROM {Table} LIMIT 1";
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
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The database has migration {applied[^1].Number} ({applied[^1].Name}), this program knows {known.Count}: start the newer program, or go back with it first (keymeld db migrate --to {known.Count}).");
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

    /// <exception cref="KeyMeldException">bad_request: something was named that no step loses.</exception>
    public static void RequireLosses(IReadOnlyCollection<string> named, IReadOnlyList<Migration> known)
    {
        var names = known.SelectMany(migration => migration.Loses).Select(loss => loss.Name).ToList();
        if (named.FirstOrDefault(name => !names.Contains(name)) is { } unknown)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"'{unknown}' is nothing that can be given up on the way back; these are: {string.Join(", ", names)}. Nothing was changed.");
        }
    }

    /// <summary>All that a way back would lose at once, so that nobody has to ask step by step.</summary>
    public static KeyMeldException WouldLose(IReadOnlyList<Migration> steps, IReadOnlyList<Loss> losses) => new(ErrorCodes.DataWouldBeLost,
        $"Taking back {string.Join(", ", steps.Where(step => step.Loses.Any(losses.Contains)).Select(step => $"migration {step.Number} ({step.Name})"))} would lose {string.Join(", ", losses.Select(loss => loss.Name))}; "
        + $"nothing was changed. Make a backup, and say {string.Join(' ', losses.Select(loss => $"--lose {loss.Name}"))} if that is what you want.");

    public static KeyMeldException WouldLose(Migration migration, string table) => new(ErrorCodes.DataWouldBeLost,
        $"Taking back migration {migration.Number} ({migration.Name}) would lose what table {table} holds; nothing was changed. Make a backup and empty the table first, if that is what you want.");
}
