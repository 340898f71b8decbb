using KeyMeld.IntegrationTests.Support;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary>The offline commands over a pre-signature made here; those that need a group are run by the documentation's test.</summary>
public sealed class CliAdaptorTests : IDisposable
{
    private readonly string home = StackFixture.NewFolder("adaptor");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task A_pre_signature_is_verified_converted_completed_and_gives_the_secret_back()
    {
        var point = (await CliRun.OfAsync(home, "adaptor", "new", "--out", "t.key", "--json")).Succeeds().Json("point");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(home, "t.key")));
        (await CliRun.OfAsync(home, "adaptor", "new", "--out", "t.key")).FailsWith("key_file_invalid");
        string[] of = PreSignature(point);

        Assert.Equal("valid", (await CliRun.OfAsync(home, ["adaptor", "verify", .. of, "--json"])).Succeeds().Json("presignature"));
        var form = (await CliRun.OfAsync(home, ["adaptor", "convert", .. of, "--out", "long", "--json"])).Succeeds().Json("nonce_form");
        Assert.Equal(form, (await File.ReadAllTextAsync(Path.Combine(home, "long"), TestContext.Current.CancellationToken)).Trim());
        string[] longForm = [.. of[..^1], "long"];
        Assert.Equal(of[^1], (await CliRun.OfAsync(home, ["adaptor", "convert", .. longForm, "--json"])).Succeeds().Json("presignature"));

        (await CliRun.OfAsync(home, ["adaptor", "adapt", .. longForm, "--secret", "t.key", "--out", "sig"])).Succeeds();
        (await CliRun.OfAsync(home, "verify", "--key", of[1], "--hash", of[3], "--signature", "sig")).Succeeds();
        (await CliRun.OfAsync(home, ["adaptor", "extract", .. of, "--signature", "sig", "--out", "learnt.key"])).Succeeds();
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(home, "t.key"), TestContext.Current.CancellationToken), await File.ReadAllTextAsync(Path.Combine(home, "learnt.key"), TestContext.Current.CancellationToken));
        Assert.Equal(point, (await CliRun.OfAsync(home, "adaptor", "point", "--secret", "learnt.key", "--json")).Succeeds().Json("point"));
    }

    [Fact]
    public async Task What_does_not_belong_together_is_refused_by_name()
    {
        var point = (await CliRun.OfAsync(home, "adaptor", "new", "--out", "t.key", "--json")).Succeeds().Json("point");
        (await CliRun.OfAsync(home, "adaptor", "new", "--out", "other.key")).Succeeds();
        string[] of = PreSignature(point);
        (await CliRun.OfAsync(home, ["adaptor", "verify", .. of[..2], "--hash", new string('1', 64), .. of[4..]])).FailsWith("presignature_invalid");
        (await CliRun.OfAsync(home, ["adaptor", "adapt", .. of, "--secret", "other.key"])).FailsWith("adaptor_mismatch");
        (await CliRun.OfAsync(home, ["adaptor", "extract", .. of, "--signature", new string('1', 128), "--out", "never.key"])).FailsWith("adaptor_mismatch");
        Assert.False(File.Exists(Path.Combine(home, "never.key")));
        (await CliRun.OfAsync(home, ["adaptor", "adapt", .. of, "--secret", "-"])).FailsWith("key_file_invalid");
        (await CliRun.OfAsync(home, "adaptor", "prove", "keymeldpoints1.AAAA", "--secret", "t.key")).FailsWith("adaptor_invalid");
    }

    private static string[] PreSignature(string point)
    {
        using var key = SecretKey.Generate();
        var message = new byte[32];
        SecureRandom.Fill(message);
        var aggregation = KeyAggregation.Aggregate([key.PublicKey]);
        var nonce = SecretNonce.Generate(key, aggregation, message, message, out var shown);
        var session = SigningSession.Create(AggregateNonce.Aggregate([shown]).WithAdaptor(PublicKey.Parse(Convert.FromHexString(point))), message, aggregation);
        var pre = session.Aggregate([session.Sign(nonce, key)]);
        return ["--key", aggregation.OutputKey.ToString(), "--hash", Convert.ToHexStringLower(message), "--point", point, "--presignature", pre.ToString()];
    }
}
