using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace KeyMeld.IntegrationTests.Dashboard;

/// <summary>The distribution's Chromium, driven by Playwright, which downloads none. What a page complains about is kept, and must be nothing.</summary>
internal sealed class Browser : IAsyncDisposable
{
    /// <summary>Milliseconds. Only a guard against hanging.</summary>
    public const int Patience = 180_000;

    private const string Chromium = "/usr/bin/chromium";
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Starts it; without Chromium the test skips, and fails where CI=true says that it has to be there.</summary>
    public static async Task<Browser> StartAsync()
    {
        if (!File.Exists(Chromium))
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", $"{Chromium} is not installed.");
            Assert.Fail($"{Chromium} is not installed.");
        }
        var playwright = await Playwright.CreateAsync();
        // Without a sandbox of its own: as root it has none, and it opens nothing but this gateway.
        return new Browser(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage"], Timeout = Patience }));
    }

    /// <summary>A tab of a visitor who was never here.</summary>
    public async Task<Tab> OpenAsync(Uri gateway, int width = 1440, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = gateway.GetLeftPart(UriPartial.Authority),
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
            TimezoneId = "UTC",
        });
        var tab = new Tab(context, await context.NewPageAsync(), gateway);
        await tab.Page.AddInitScriptAsync("window.violations = []; addEventListener('securitypolicyviolation', event => violations.push(`${event.violatedDirective} ${event.blockedURI}`));");
        return tab;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}

/// <summary>One tab and what went wrong in it.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private static readonly string Screenshots = Path.Combine(SourceRoot(), "artifacts", "screenshots");

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = [];

    public Tab(IBrowserContext context, IPage page, Uri gateway)
    {
        (_context, Page) = (context, page);
        page.SetDefaultTimeout(Browser.Patience);
        Assertions.SetDefaultExpectTimeout(Browser.Patience);
        page.PageError += (_, error) => _complaints.Enqueue($"error: {error}");
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _complaints.Enqueue($"{message.Type}: {message.Text}");
            }
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(gateway.GetLeftPart(UriPartial.Authority) + "/", StringComparison.Ordinal))
            {
                _complaints.Enqueue($"request to {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    public ILocator Heading => Page.Locator("h1:visible");

    public ILocator Section(string id) => Page.Locator($"section#{id}");

    public Task GoAsync() => Page.GotoAsync("/");

    /// <summary>Waits until the one visible h1 says this.</summary>
    public Task HeadlineAsync(string text) => Assertions.Expect(Heading).ToContainTextAsync(text);

    public Task SaysAsync(ILocator where, string text) => Assertions.Expect(where).ToContainTextAsync(text);

    /// <summary>Keeps a picture of the whole page as an output of CI.</summary>
    public async Task PictureAsync(string name)
    {
        Directory.CreateDirectory(Screenshots);
        await Page.EvaluateAsync("scrollTo(0, 0)");
        await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Screenshots, name + ".png"), FullPage = true });
    }

    /// <summary>axe finds nothing serious, and nothing is wider than the screen.</summary>
    public async Task IsAccessibleAsync(string what)
    {
        var found = await Page.RunAxe();
        var serious = found.Violations.Where(violation => violation.Impact is "serious" or "critical").Select(Describe);
        Assert.True(!serious.Any(), $"{what}: {string.Join('\n', serious)}");
        Assert.True(await Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{what}: the page is wider than the screen.");
    }

    /// <summary>Nothing went wrong: no error, no request to elsewhere, nothing that the content security policy forbids. What is expected is taken out.</summary>
    public async Task HasNoComplaintAsync(params string[] expected)
    {
        Assert.DoesNotContain(_complaints, complaint => !expected.Any(part => complaint.Contains(part, StringComparison.Ordinal)));
        Assert.Empty(await Page.EvaluateAsync<string[]>("violations"));
    }

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private static string Describe(AxeResultItem violation) => $"{violation.Id} ({violation.Impact}): {string.Join(" | ", violation.Nodes.Select(node => node.Html))}";

    private static string SourceRoot([System.Runtime.CompilerServices.CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
