using System.Text;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Sessions;
using static KeyMeld.Fuzz.PropertyException;

namespace KeyMeld.Fuzz.Targets;

/// <summary>Texts that people and callers hand over.</summary>
internal static class TextTargets
{
    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("authorization", () => Source.Texts("http", "header"), Authorization),
        FuzzTarget.Of<KeyMeldException>("invitation", Invitations, Invite, refusal => refusal.Code is ErrorCodes.InvitationInvalid or ErrorCodes.LimitExceeded),
        FuzzTarget.Of<KeyMeldException>("gateway-settings", Settings, Setting, refusal => refusal.Code is ErrorCodes.ConfigurationInvalid),
    ];

    private static void Authorization(byte[] input)
    {
        var header = Encoding.Latin1.GetString(input);
        if (RequestAuthorization.TryParse(header, out var authorization))
        {
            Require(authorization.ToString() == header, "there is one form of a header");
            _ = authorization.IsTimely(0);
            Require(!authorization.Verify("GET", "fuzz.example", header, input), "no signature is over another call");
        }
    }

    private static IEnumerable<byte[]> Invitations()
    {
        using var secret = SessionSecret.Generate();
        using var invitation = Invitation.Create("https://keymeld.example/", Hash32.Sha256("manifest"u8), Id16.Random(), null, secret);
        yield return Encoding.ASCII.GetBytes(invitation.Reveal());
    }

    private static IEnumerable<byte[]> Settings() =>
        Directory.GetFiles(Path.Combine(Source.Repository, "config"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    private static void Setting(byte[] input)
    {
        var settings = SettingsReader.Read(Encoding.UTF8.GetString(input), new Dictionary<string, string>());
        Require(settings.Enclaves.Length <= SettingsReader.MaxEnclaves, "sizes are bounded");
    }

    private static void Invite(byte[] input)
    {
        var text = Encoding.Latin1.GetString(input);
        using var invitation = Invitation.Parse(text);
        Require(invitation.Reveal() == text.Trim(), "there is one form of an invitation");
    }
}
