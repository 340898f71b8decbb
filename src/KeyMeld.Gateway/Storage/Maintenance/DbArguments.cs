using System.Globalization;

namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>The command line of <c>KeyMeld.Gateway db …</c>.</summary>
internal sealed record DbArguments(string Action, string Config)
{
    public const string Usage =
        """
        KeyMeld.Gateway db migrate --config FILE [--to VERSION] [--lose NAME]… [--create] [--dry-run]
        KeyMeld.Gateway db check --config FILE
        KeyMeld.Gateway db backup FILE --config FILE
        KeyMeld.Gateway db restore FILE --config FILE
        KeyMeld.Gateway db copy --config FILE --to-config FILE
        """;

    /// <summary>Of backup and restore.</summary>
    public string? File { get; init; }

    /// <summary>Of copy.</summary>
    public string? ToConfig { get; init; }

    /// <summary>Of migrate; null is the newest.</summary>
    public int? Version { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Of migrate: make the file where there is none.</summary>
    public bool Create { get; init; }

    /// <summary>Of migrate: what may be lost on the way back.</summary>
    public IReadOnlyList<string> Lose { get; init; } = [];

    /// <summary>Null where it is none of the above.</summary>
    public static DbArguments? Parse(string[] arguments)
    {
        if (arguments is not [var action, .. var rest])
        {
            return null;
        }
        var (file, options) = action is "backup" or "restore" && rest is [var path, ..] && !path.StartsWith('-') ? (path, rest.Skip(1).ToList()) : ((string?)null, rest.ToList());
        var (dryRun, create) = (options.Remove("--dry-run"), options.Remove("--create"));
        var values = new Dictionary<string, string>();
        var lose = new List<string>();
        for (var index = 0; index < options.Count; index += 2)
        {
            if (index + 1 < options.Count && options[index] == "--lose")
            {
                lose.Add(options[index + 1]);
            }
            else if (index + 1 == options.Count || !values.TryAdd(options[index], options[index + 1]))
            {
                return null;
            }
        }
        if (!values.Remove("--config", out var config))
        {
            return null;
        }
        var parsed = new DbArguments(action, config)
        {
            File = file,
            DryRun = dryRun,
            Create = create,
            Lose = lose,
            ToConfig = values.Remove("--to-config", out var target) ? target : null,
            Version = values.Remove("--to", out var text) ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : -1 : null,
        };
        return values.Count == 0 && parsed.Fits ? parsed : null;
    }

    private bool Fits => (Lose.Count == 0 && !Create || Action == "migrate") && !(Create && DryRun) && Action switch
    {
        "migrate" => (File, ToConfig) == (null, null) && Version is not -1,
        "check" => (File, ToConfig, Version, DryRun) == (null, null, null, false),
        "backup" or "restore" => File is not null && (ToConfig, Version, DryRun) == (null, null, false),
        "copy" => ToConfig is not null && (File, Version, DryRun) == (null, null, false),
        _ => false,
    };
}
