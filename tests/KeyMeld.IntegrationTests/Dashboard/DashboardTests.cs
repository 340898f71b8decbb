using System.Net;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;
using Microsoft.Playwright;

namespace KeyMeld.IntegrationTests.Dashboard;

/// <summary>The dashboard as a new operator walks through it: a real browser, a real gateway, real enclaves.</summary>
public sealed class DashboardTests(DashboardFixture fixture) : IClassFixture<DashboardFixture>, IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await fixture.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_operator_sees_a_signing_wait_and_complete_and_an_enclave_die_and_come_back()
    {
        var stack = fixture.Stack;
        await using var tab = await fixture.Browser.OpenAsync(stack.Gateway);
        await tab.GoAsync();
        await tab.HeadlineAsync("All 3 enclaves are ready and attested");
        await Assertions.Expect(tab.Page.Locator("#live-text")).ToHaveTextAsync("Live");
        for (var id = 0; id < 3; id++)
        {
            var enclave = tab.Section("enclaves").Locator("li.enclave").Nth(id);
            await tab.SaysAsync(enclave, $"Enclave {id}");
            await tab.SaysAsync(enclave, "Ready");
            await tab.SaysAsync(enclave, "Attested release");
            await tab.SaysAsync(enclave, stack.KmsKeyArn[(stack.KmsKeyArn.LastIndexOf('/') + 1)..]);
            Assert.Contains(stack.Measurement.ToRelease(stack.KmsKeyArn).Pcr0, await enclave.Locator("details").TextContentAsync() ?? "", StringComparison.Ordinal);
        }
        await tab.SaysAsync(tab.Section("gateway"), "sqlite");
        await tab.SaysAsync(tab.Section("gateway"), "of changes");
        await tab.SaysAsync(tab.Section("failures"), "No signing and no group failed in the last day");

        // A backup shows, whoever made it.
        await BackUpAsync(stack);
        await Assertions.Expect(tab.Section("gateway").Locator("time[data-how=ago]")).ToHaveCountAsync(1);

        // A signing waits, and shows for whom.
        using var alice = stack.NewUser();
        using var bob = stack.NewUser();
        var group = await new[] { alice, bob }.FormAsync();
        var reference = await alice.Client.Signings.RequestAsync(group, [SigningContent.FromBytes("a payment that nobody here may see"u8.ToArray())], cancellationToken: Cancel);
        var row = tab.Section("work").Locator("tbody tr").First;
        await tab.SaysAsync(row, "waits for approval");
        await tab.SaysAsync(row, "participant 1");
        await tab.SaysAsync(row, group.Members[1].User.ToString());
        await tab.SaysAsync(row, reference.Request.ToString());
        await tab.PictureAsync("waiting");

        // It completes, and the charts move.
        await bob.Client.Signings.ApproveAsync(await bob.Client.Signings.ReviewAsync(reference, Cancel), cancellationToken: Cancel);
        await alice.Client.Signings.WaitAsync(reference, TimeSpan.FromMinutes(5), Cancel);
        await tab.SaysAsync(tab.Section("work"), "No signing is in flight.");
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("Signings a minute over the last hour: 1 was signed") })).ToBeVisibleAsync();
        await Assertions.Expect(tab.Page.Locator("#hour rect.series-signed")).ToHaveCountAsync(1);
        await tab.SaysAsync(tab.Section("hour"), "Partial signatures");

        // An enclave dies: what waits for it, and what to do.
        var unattended = await new[] { alice, bob }.FormAsync(plan => plan with { Unattended = true, Enclaves = [0, 1] }, new JoinOptions { Approval = false, AcceptUnattended = true });
        var prepared = await alice.Client.Signings.PrepareAsync(unattended, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        await stack.KillEnclaveAsync(1);
        await tab.HeadlineAsync("Enclave 1 is unreachable");
        var dead = tab.Section("enclaves").Locator("li.enclave").Nth(1);
        await tab.SaysAsync(dead, "Unreachable");
        await tab.SaysAsync(dead, "What to do");
        var submitted = alice.Client.Signings.SubmitAsync(prepared, TimeSpan.FromMinutes(5), Cancel);
        await tab.SaysAsync(tab.Section("work").Locator("tbody tr").First, "waits for an enclave that is away");
        await tab.SaysAsync(tab.Section("work").Locator("tbody tr").First, "enclave 1");
        await tab.SaysAsync(tab.Section("failures"), "Enclave 1 stopped being ready");
        await tab.SaysAsync(tab.Section("failures"), "enclave_unreachable");
        await tab.PictureAsync("enclave-away");
        await IsDegradedAsync(stack.Gateway);
        await stack.StartEnclaveAsync(1, Cancel);
        await tab.HeadlineAsync("All 3 enclaves are ready and attested");
        Assert.True((await submitted).IsSigned);
        Assert.Equal((HttpStatusCode.OK, """{"status":"ready"}"""), await HealthAsync(stack.Gateway, "whole"));

        // A signing that nobody came to in time is named. It is sent long before its time is over.
        var late = await alice.Client.Signings.RequestAsync(
            group, [SigningContent.FromBytes("too late"u8.ToArray())], new RequestOptions { Lifetime = TimeSpan.FromSeconds(8) }, cancellationToken: Cancel);
        var failure = tab.Section("failures").Locator("tbody tr").First;
        await tab.SaysAsync(failure, "A signing expired");
        await tab.SaysAsync(failure, "expired");
        await tab.SaysAsync(failure, late.Request.ToString());
        await tab.SaysAsync(failure, group.Id.ToString());
        await tab.PictureAsync("failures");
        foreach (var (width, scheme) in ((int, ColorScheme)[])[(390, ColorScheme.Light), (390, ColorScheme.Dark), (1440, ColorScheme.Dark)])
        {
            await using var visitor = await fixture.Browser.OpenAsync(stack.Gateway, width, scheme);
            await visitor.GoAsync();
            await visitor.SaysAsync(visitor.Section("failures").Locator("tbody tr").First, late.Request.ToString());
            await visitor.IsAccessibleAsync($"failures {width} {scheme}");
            await visitor.PictureAsync($"failures-{width}-{scheme}".ToLowerInvariant());
            await visitor.HasNoComplaintAsync();
        }
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Img, new() { NameRegex = new("2 were signed") })).ToBeVisibleAsync();
        await tab.HasNoComplaintAsync();
    }

    // A real process of an enclave is dead: who asks is told which, and a load balancer goes on.
    private static async Task IsDegradedAsync(Uri gateway)
    {
        Assert.Equal((HttpStatusCode.OK, """{"status":"degraded","missing":[{"enclave":1,"reason":"enclave_unreachable"}]}"""), await HealthAsync(gateway, "ready"));
        var (status, whole) = await HealthAsync(gateway, "whole");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("1 (enclave_unreachable)", whole, StringComparison.Ordinal);
        var (_, detail) = await HealthAsync(gateway, "detail");
        Assert.StartsWith("""{"status":"degraded","missing":[{"enclave":1,""", detail, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Body)> HealthAsync(Uri gateway, string what)
    {
        using var http = new HttpClient { BaseAddress = gateway };
        using var answer = await http.GetAsync($"/api/v1/health/{what}", Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task BackUpAsync(DevelopmentStack stack) =>
        (await CliRun.OfAsync(stack.Layout.Data, "db", "backup", "dashboard.db", "--config", stack.Layout.GatewayConfiguration)).Succeeds();

    [Theory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_page_is_accessible_at_a_desk_and_on_a_phone_in_light_and_dark(int width, ColorScheme scheme)
    {
        await using var tab = await fixture.Browser.OpenAsync(fixture.Stack.Gateway, width, scheme);
        await tab.GoAsync();
        await tab.HeadlineAsync("All 3 enclaves are ready and attested");
        foreach (var details in await tab.Page.Locator("details > summary").AllAsync())
        {
            await details.ClickAsync();
        }
        await tab.IsAccessibleAsync($"{width} {scheme}");
        await tab.PictureAsync($"overview-{width}-{scheme}".ToLowerInvariant());
        await tab.HasNoComplaintAsync();
    }

    [Theory]
    [InlineData(320)]
    [InlineData(390)]
    [InlineData(1440)]
    public async Task Every_part_of_the_page_is_within_reach_of_the_navigation(int width)
    {
        await using var tab = await fixture.Browser.OpenAsync(fixture.Stack.Gateway, width);
        await tab.GoAsync();
        await tab.HeadlineAsync("All 3 enclaves are ready and attested");
        var links = await tab.Page.Locator("#sections a").AllAsync();
        Assert.Equal(["Enclaves", "In flight", "Last hour", "Failures", "Gateway"], await Task.WhenAll(links.Select(link => link.TextContentAsync())));
        await tab.PictureAsync($"navigation-{width}");
        foreach (var link in links)
        {
            await link.FocusAsync();
            // Nothing is cut off or lies over it: what is at its four corners is the link itself.
            Assert.True(await link.EvaluateAsync<bool>("""
                link => { const box = link.getBoundingClientRect();
                  return [[2, 2], [box.width - 3, 2], [2, box.height - 3], [box.width - 3, box.height - 3]].every(([x, y]) => document.elementFromPoint(box.left + x, box.top + y) === link); }
                """), $"{await link.TextContentAsync()} cannot be seen whole at {width}.");
            await link.PressAsync("Enter");
            // It leads to its heading, a moment after the key.
            await tab.Page.WaitForFunctionAsync("""
                id => { const box = document.querySelector(`section${id} h2`).getBoundingClientRect();
                  return box.top >= document.querySelector('.bar').getBoundingClientRect().bottom && box.bottom <= innerHeight; }
                """, await link.GetAttributeAsync("href"));
        }
        await tab.HasNoComplaintAsync();
    }

    [Fact]
    public async Task It_can_be_used_by_keyboard_alone_and_remembers_the_theme()
    {
        await using var tab = await fixture.Browser.OpenAsync(fixture.Stack.Gateway);
        await tab.GoAsync();
        await tab.HeadlineAsync("All 3 enclaves");
        await tab.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the status", await FocusedAsync(tab));
        List<string> walked = [];
        for (var step = 0; step < 20 && !walked.Contains("Theme: auto"); step++)
        {
            await tab.Page.Keyboard.PressAsync("Tab");
            walked.Add(await FocusedAsync(tab));
        }
        Assert.Equal(["Enclaves", "In flight", "Last hour", "Failures", "Gateway", "Theme: auto"], walked);
        Assert.NotEqual("none", await tab.Page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.Page.Keyboard.PressAsync("Enter");
        Assert.Equal("Theme: dark", await FocusedAsync(tab));
        await tab.Page.Keyboard.PressAsync("Tab");
        Assert.StartsWith("Measurements and identity", await FocusedAsync(tab), StringComparison.Ordinal);
        await tab.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(tab.Page.Locator("details[open]").First.Locator("text=PCR0")).ToBeVisibleAsync();
        // What is opened stays open while the page goes on, and the focus stays where it is.
        await tab.Page.WaitForFunctionAsync("text => document.querySelector('#gateway time').textContent !== text", await tab.Page.Locator("#gateway time").First.TextContentAsync());
        await Assertions.Expect(tab.Page.Locator("details[open]")).ToHaveCountAsync(1);
        Assert.StartsWith("Measurements and identity", await FocusedAsync(tab), StringComparison.Ordinal);
        await tab.Page.ReloadAsync();
        await Assertions.Expect(tab.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await tab.HasNoComplaintAsync();

        static Task<string> FocusedAsync(Tab tab) => tab.Page.EvaluateAsync<string>("document.activeElement.textContent.trim()");
    }

    [Fact]
    public async Task With_a_token_only_who_has_it_sees_anything()
    {
        var stack = fixture.Stack;
        await using var tab = await fixture.Browser.OpenAsync(stack.Gateway);
        // As through a proxy: then this machine's own address is no credential.
        await tab.Page.SetExtraHTTPHeadersAsync(new Dictionary<string, string> { ["X-Forwarded-For"] = "203.0.113.7" });
        await tab.GoAsync();
        await tab.HeadlineAsync("Operators only");
        await Assertions.Expect(tab.Page.GetByLabel("Operator token")).ToBeFocusedAsync();
        await tab.IsAccessibleAsync("signing in");
        await tab.PictureAsync("sign-in");
        await tab.Page.Keyboard.TypeAsync("not the token");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.SaysAsync(tab.Page.GetByRole(AriaRole.Alert), "did not accept");
        var token = (await File.ReadAllTextAsync(stack.Layout.OperatorToken, Cancel)).Trim();
        await tab.Page.Keyboard.TypeAsync(token);
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.HeadlineAsync("All 3 enclaves");
        Assert.DoesNotContain(token, tab.Page.Url, StringComparison.Ordinal);
        Assert.Equal(0, await tab.Page.EvaluateAsync<int>("document.cookie.length + Object.values(localStorage).join('').length"));
        await tab.Page.ReloadAsync();
        await tab.HeadlineAsync("All 3 enclaves");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await tab.HeadlineAsync("Operators only");
        Assert.Equal("", await tab.Page.EvaluateAsync<string>("document.getElementById('board').textContent.trim()"));
        await tab.Page.ReloadAsync();
        await tab.HeadlineAsync("Operators only");
        // What the browser says of a 401 is expected.
        await tab.HasNoComplaintAsync("401");
    }
}
