using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Interop;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.TypeScript;

/// <summary>The TypeScript client in a real Chromium, on pages of the gateway's own origin and of another, with its profile in the browser's database.</summary>
public sealed class BrowserTests(StackFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_verifies_the_enclaves_joins_a_group_approves_and_signs()
    {
        await using var page = await OpenAsync(fixture.Stack, fixture.Stack.Gateway.GetLeftPart(UriPartial.Authority));
        await StoryAsync(fixture.Stack, page);
        // Of other origins no page reaches a gateway whose settings name none.
        await page.AskAsync("move", new JsonObject { ["origin"] = OtherOrigin() });
        Assert.Equal("gateway_unreachable", await page.AskAsync("reaches", "value"));
    }

    [Fact]
    public async Task A_page_of_an_origin_that_the_gateway_names_does_the_same_and_others_do_not()
    {
        var named = OtherOrigin();
        var configuration = Path.Combine(StackFixture.NewFolder("cors"), "gateway.yaml");
        var text = await File.ReadAllTextAsync(Path.Combine(TypeScriptClient.Folder, "..", "..", "config", "development.yaml"), Cancel);
        await File.WriteAllTextAsync(configuration, text.Replace("\nserver:\n", $"\nserver:\n  cors_origins: [\"{named}\"]\n", StringComparison.Ordinal), Cancel);
        await using var stack = await StackFixture.OwnStackAsync(options => options with { GatewayConfiguration = configuration });
        await using (var page = await OpenAsync(stack, named))
        {
            await StoryAsync(stack, page);
            await page.AskAsync("move", new JsonObject { ["origin"] = OtherOrigin() });
            Assert.Equal("gateway_unreachable", await page.AskAsync("reaches", "value"));
        }
        Directory.Delete(Path.GetDirectoryName(configuration)!, recursive: true);
    }

    private static string OtherOrigin() => $"http://127.0.0.1:{StackFixture.FreePort()}";

    private static async Task<NodeScript> OpenAsync(DevelopmentStack stack, string origin)
    {
        var script = await TypeScriptClient.ScriptAsync("test/stack/browser.js");
        var strange = Path.Combine(stack.Layout.Data, "other.pem");
        await File.WriteAllTextAsync(strange, OtherRoot(), Cancel);
        return NodeScript.Start(TypeScriptClient.Folder, script, Chromium(), stack.Gateway.AbsoluteUri, stack.Layout.RootCertificate, strange, origin);
    }

    private static async Task StoryAsync(DevelopmentStack stack, NodeScript page)
    {
        using var alice = stack.NewUser();
        // It verifies for itself: this stack's root leads to its enclaves, another does not.
        var enclave = (await page.AskAsync("verify"))["value"]!;
        var ours = await alice.Client.Enclaves.VerifyAsync(0, Cancel);
        Assert.Equal((ours.Pcrs.Pcr0, "development"), (enclave["pcr0"]!.GetValue<string>(), enclave["mode"]!.GetValue<string>()));
        Assert.Equal("attestation_invalid", await page.AskAsync("distrusts", "value"));

        using var created = await alice.Client.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited()] }, Cancel);
        using (var key = MemberKey.Generate())
        {
            await alice.Client.Groups.JoinAsync(created.Id, key, null, Cancel);
        }
        Assert.Equal(created.Id.ToString(), await page.AskAsync("join", "value", new JsonObject { ["letter"] = created.Invitations[0].Invitation.Reveal() }));
        var group = await alice.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, Cancel);
        Assert.Equal(group.Fingerprint, await page.AskAsync("formed", "value", new JsonObject { ["group"] = created.Id.ToString() }));

        // The profile is kept when the page is gone.
        Assert.Equal(1, (await page.AskAsync("reload"))["value"]!.GetValue<int>());
        var asked = await alice.Client.Signings.RequestAsync(group, [SigningContent.FromBytes("seen in a browser"u8.ToArray())], cancellationToken: Cancel);
        Assert.Equal("seen in a browser", (await page.AskAsync("approve", new JsonObject { ["reference"] = asked.ToString() }))["value"]![0]!.GetValue<string>());
        await SameSignatureAsync(alice, page, asked);

        var reference = SigningReference.Parse(await page.AskAsync("request", "value", new JsonObject { ["group"] = created.Id.ToString(), ["content"] = "asked for in a browser" }));
        await alice.Client.Signings.ApproveAsync(await alice.Client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        await SameSignatureAsync(alice, page, reference);

        // Its key may stay in the browser.
        using var atHome = await alice.Client.Groups.CreateAsync(
            new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited() with { AtHome = true }] }, Cancel);
        using (var key = MemberKey.Generate())
        {
            await alice.Client.Groups.JoinAsync(atHome.Id, key, null, Cancel);
        }
        await page.AskAsync("join", "value", new JsonObject { ["letter"] = atHome.Invitations[0].Invitation.Reveal() });
        var withHome = await alice.Client.Groups.WaitUntilFormedAsync(atHome.Id, Patience, Cancel);
        await page.AskAsync("formed", "value", new JsonObject { ["group"] = atHome.Id.ToString() });
        var due = await alice.Client.Signings.RequestAsync(withHome, [SigningContent.FromBytes("signed in a browser"u8.ToArray())], cancellationToken: Cancel);
        await page.AskAsync("approve", new JsonObject { ["reference"] = due.ToString() });
        var made = (await page.AskAsync("cosign", new JsonObject { ["reference"] = due.ToString() }))["value"]!.AsArray();
        Assert.Equal((await alice.Client.Signings.WaitAsync(due, Patience, Cancel)).Signatures.Select(signature => signature.ToString()), made.Select(signature => signature!.GetValue<string>()));
    }

    private static async Task SameSignatureAsync(TestUser user, NodeScript page, SigningReference reference)
    {
        var outcome = await user.Client.Signings.WaitAsync(reference, Patience, Cancel);
        var shown = (await page.AskAsync("wait", new JsonObject { ["reference"] = reference.ToString() }))["value"]!.AsArray();
        Assert.Equal([outcome.Signatures[0].ToString(), "completed"], shown.Select(value => value!.GetValue<string>()));
    }

    private static string Chromium()
    {
        string[] places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        if (Array.Find(places, File.Exists) is { } found)
        {
            return found;
        }
        Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", "There is no Chromium on this machine.");
        throw new InvalidOperationException("There is no Chromium on this machine.");
    }

    private static string OtherRoot()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = new CertificateRequest("CN=other", key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.ExportCertificatePem();
    }
}
