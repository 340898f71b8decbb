using System.Collections.Immutable;

namespace KeyMeld.Gateway.Configuration;

/// <summary>What the dashboard compares the enclaves with; clients bring their own.</summary>
/// <param name="Releases">Files: release manifests, or measurements with a KMS key.</param>
/// <param name="Releaser">PEM file of whom each of them has to be signed by (FILE.sig beside it); null takes the files as they are.</param>
/// <param name="DevelopmentRoot">PEM file of the simulator's root. In production it is AWS's, built in.</param>
internal sealed record AttestationSettings(ImmutableArray<string> Releases, string? Releaser, string? DevelopmentRoot)
{
    public static readonly AttestationSettings None = new([], null, null);
}

/// <summary>Section <c>attestation</c>.</summary>
internal static class AttestationSection
{
    public static AttestationSettings Read(SettingsSection section, bool? production)
    {
        var settings = new AttestationSettings([.. section.Texts("releases")], section.OptionalText("releaser"), section.OptionalText("development_root"));
        section.Finish();
        if (production == true && settings.DevelopmentRoot is not null)
        {
            section.Fail<object>("development_root", "is for development: in production documents end in AWS's root");
        }
        if (settings.Releaser is not null && settings.Releases.IsEmpty)
        {
            section.Fail<object>("releaser", "signs releases, of which none is given");
        }
        return settings;
    }
}
