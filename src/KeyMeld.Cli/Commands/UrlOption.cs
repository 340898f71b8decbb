using System.CommandLine;

namespace KeyMeld.Cli.Commands;

/// <summary>Options that take an absolute http or https URL.</summary>
internal static class UrlOption
{
    public static Option<Uri?> Create(string name, string description, string? standard = null)
    {
        var option = new Option<Uri?>(name)
        {
            Description = description,
            CustomParser = result =>
            {
                if (Uri.TryCreate(result.Tokens.Count == 1 ? result.Tokens[0].Value : "", UriKind.Absolute, out var url) && url is { Scheme: "http" or "https" })
                {
                    return url;
                }
                result.AddError($"{name} takes a URL that begins with https:// (or http:// for a gateway on this machine).");
                return null;
            },
        };
        if (standard is not null)
        {
            option.DefaultValueFactory = _ => new Uri(standard);
        }
        return option;
    }
}
