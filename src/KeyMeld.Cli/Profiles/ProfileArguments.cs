using System.CommandLine;
using KeyMeld.Cli.Commands;
using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Profiles;

/// <summary>The options that name a profile, its gateway and which enclaves it trusts.</summary>
internal sealed class ProfileArguments
{
    private readonly Option<string> profile = new("--profile")
    {
        Description = "The profile: a name, kept under ~/.keymeld/profiles, or a folder (anything with a slash).",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("KEYMELD_PROFILE") ?? "default",
    };

    private readonly Option<Uri?> gateway = UrlOption.Create("--gateway", "The gateway's URL; remembered by the profile.");

    private readonly Option<string?> development = new("--insecure-development")
    {
        Description = "Trust enclaves attested by this development root certificate (a PEM file); only for gateways on this machine. Remembered.",
    };

    private readonly Option<string[]> releases = new("--release") { Description = "Trust enclaves of this release (a file with PCRs and KMS key); may be repeated. Remembered." };

    private readonly Option<string?> releaser = new("--releaser")
    {
        Description = "Accept only releases signed by this key (a PEM file with a public key); each --release FILE has its signature in FILE.sig. Remembered.",
    };

    private readonly Option<bool> passphrase = new("--passphrase") { Description = "Ask for a passphrase when the profile is made (or set KEYMELD_PASSPHRASE)." };

    public Command AddTo(Command command)
    {
        command.Options.Add(profile);
        command.Options.Add(gateway);
        command.Options.Add(development);
        command.Options.Add(releases);
        command.Options.Add(releaser);
        command.Options.Add(passphrase);
        return command;
    }

    /// <summary>Opens the profile, making it on first use.</summary>
    public Profile Open(ParseResult parsed)
    {
        var folder = Folder(parsed);
        if (Profile.Exists(folder))
        {
            using var typed = Passphrase.Ask(Profile.NeedsPassphrase(folder), "Passphrase: ");
            return Profile.Open(folder, typed.Bytes);
        }
        using var chosen = Passphrase.Ask(parsed.GetValue(passphrase), "Passphrase for the new profile: ");
        var made = Profile.Create(folder, chosen.Bytes);
        Report.Say($"Made profile {folder}{(made.IsEncrypted ? ", encrypted under your passphrase" : "; only file permissions protect its secrets (KEYMELD_PASSPHRASE or --passphrase encrypts them)")}.");
        return made;
    }

    /// <summary>Opens profile and client.</summary>
    public Session OpenSession(ParseResult parsed)
    {
        var opened = Open(parsed);
        try
        {
            var connection = Resolve(parsed, opened.Folder);
            return new Session(opened, KeyMeldClient.Connect(connection.Gateway, connection.Policy(), opened));
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>The gateway that was given, and whom to trust there; null where none was. Nothing is remembered.</summary>
    public Connection? Given(ParseResult parsed) => parsed.GetValue(gateway) is null ? null : Choose(parsed, null);

    private string Folder(ParseResult parsed)
    {
        var name = parsed.GetValue(profile)!;
        return name.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? Path.GetFullPath(name)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".keymeld", "profiles", name);
    }

    private Connection Resolve(ParseResult parsed, string folder)
    {
        var known = Connection.Load(folder);
        var connection = Choose(parsed, known);
        if (connection.Gateway != known?.Gateway || connection.DevelopmentRoot != known.DevelopmentRoot || connection.Releaser != known.Releaser
            || !connection.Releases.SequenceEqual(known.Releases))
        {
            connection.Save(folder);
        }
        return connection;
    }

    private Connection Choose(ParseResult parsed, Connection? known)
    {
        var url = parsed.GetValue(gateway) ?? known?.Gateway
            ?? throw new KeyMeldException(ErrorCodes.ProfileInvalid, "This profile knows no gateway yet: give --gateway URL once.");
        var root = parsed.GetValue(development) is { } file ? Path.GetFullPath(file) : null;
        var trusted = (parsed.GetValue(releases) ?? []).Select(Path.GetFullPath).ToArray();
        var signer = parsed.GetValue(releaser) is { } pem ? Path.GetFullPath(pem) : null;
        if (root is not null && (trusted.Length > 0 || signer is not null))
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, "Give either --insecure-development or --release (with or without --releaser), not both.");
        }
        if (root is null && trusted.Length == 0)
        {
            (root, trusted) = (signer is null ? known?.DevelopmentRoot : null, [.. known?.Releases ?? []]);
        }
        // A releaser once given stays, also for releases given later: leaving it out must not accept unsigned ones.
        signer ??= root is null ? known?.Releaser : null;
        if (root is null && trusted.Length == 0)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid,
                "This profile trusts no enclaves yet: give --release FILE once, or --insecure-development ROOT.pem for a gateway on this machine.");
        }
        return new Connection(url, root, trusted, signer);
    }
}

/// <summary>An open profile with its client.</summary>
internal sealed record Session(Profile Profile, KeyMeldClient Client) : IDisposable
{
    public void Dispose()
    {
        Client.Dispose();
        Profile.Dispose();
    }
}
