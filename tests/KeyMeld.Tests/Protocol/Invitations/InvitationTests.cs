using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Protocol.Invitations;

public class InvitationTests
{
    private static readonly Hash32 Group = Hash32.Sha256("group"u8);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_reads_back_as_it_was_made(bool withAdmission)
    {
        using var admission = SecretKey.Generate();
        using var secret = SessionSecret.Generate();
        var user = Id16.Random();
        using var made = Invitation.Create("https://keymeld.example", Group, user, withAdmission ? admission : null, secret);
        using var read = Invitation.Parse($"  {made.Reveal()}\n");
        Assert.Equal(("https://keymeld.example", Group, user), (read.Gateway, read.Manifest, read.User));
        Assert.True(made.Secret.FixedTimeEquals(read.Secret));
        Assert.Equal(withAdmission, read.Admission is not null);
        Assert.Equal(made.Reveal(), read.Reveal());
    }

    [Fact]
    public void Every_damage_is_refused_by_name()
    {
        using var secret = SessionSecret.Generate();
        using var made = Invitation.Create("https://keymeld.example", Group, Id16.Random(), null, secret);
        var text = made.Reveal();
        string[] damaged = ["", "keymeld1.", "keymeld2." + text[9..], text[..^4], text + "AAAA", text + "=", text.Replace('_', '/').Replace('-', '+') + "+", "keymeld1.!!!!", text[..20], new string('a', 10_000), "keymeld1." + new string('A', 8_000)];
        Assert.All(damaged, broken => Assert.Equal(ErrorCodes.InvitationInvalid, Assert.Throws<KeyMeldException>(() => Invitation.Parse(broken)).Code));
    }

    [Fact]
    public void It_never_prints_a_secret()
    {
        using var secret = SessionSecret.Generate();
        using var made = Invitation.Create("https://keymeld.example", Group, Id16.Random(), null, secret);
        Assert.DoesNotContain(Convert.ToHexStringLower(secret.Span), made.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal($"Invitation to {Group}", made.ToString());
    }

    [Theory]
    [InlineData("ftp://keymeld.example")]
    [InlineData("keymeld.example")]
    [InlineData("https://user:password@keymeld.example")]
    [InlineData("https://keymeld.example/?a=b")]
    [InlineData("https://keymeld.example/#a")]
    [InlineData("https://keymeld.example/\u001b[2J")]
    [InlineData("https://keymeld.example/ ")]
    [InlineData("")]
    public void A_gateway_that_is_no_url_is_refused(string gateway)
    {
        using var secret = SessionSecret.Generate();
        Assert.Equal(ErrorCodes.InvitationInvalid, Assert.Throws<KeyMeldException>(() => Invitation.Create(gateway, Group, Id16.Random(), null, secret)).Code);
    }
}
