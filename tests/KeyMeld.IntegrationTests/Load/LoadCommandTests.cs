using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Load;

/// <summary><c>keymeld load</c> as somebody runs it against a gateway that is there.</summary>
public sealed class LoadCommandTests(StackFixture fixture) : IDisposable
{
    private readonly string home = StackFixture.NewFolder("load");

    private string[] Connect => ["--gateway", fixture.Stack.Gateway.ToString(), "--insecure-development", fixture.Stack.Layout.RootCertificate];

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Every_signing_of_the_open_model_is_verified_counted_and_drawn()
    {
        var run = await CliRun.OfAsync(home, [
            "load", "--data", "load", .. Connect, "--groups", "2", "--items", "2", "--rate", "20", "--duration", "3s", "--ramp", "1s",
            "--expect", "errors=0,signed>10,p99<60s", "--json-file", "load.json", "--chart", "load.svg", "--json",
        ]);
        run.Succeeds();
        Assert.Equal("2 groups, 3 of 3, 2 items", run.Json("signing"));

        using var result = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(home, "load.json"), TestContext.Current.CancellationToken));
        var signed = result.RootElement.GetProperty("signed").GetInt64();
        // 20 a second for 3 seconds: four deviations of a Poisson distribution to either side.
        Assert.InRange(signed, 29, 91);
        Assert.Equal(2 * signed, result.RootElement.GetProperty("signatures").GetInt64());
        Assert.Equal(signed, result.RootElement.GetProperty("intervals").EnumerateArray().Sum(interval => interval.GetProperty("signed").GetInt64()));
        var latency = result.RootElement.GetProperty("latency_ms");
        Assert.InRange(latency.GetProperty("p50").GetDouble(), double.Epsilon, latency.GetProperty("p99").GetDouble());

        var svg = XDocument.Load(Path.Combine(home, "load.svg")).Root!;
        XNamespace names = "http://www.w3.org/2000/svg";
        Assert.Equal(names + "svg", svg.Name);
        var lines = svg.Elements(names + "polyline").ToList();
        Assert.Equal(4, lines.Count);
        Assert.All(lines, line => Assert.All(line.Attribute("points")!.Value.Split(' ', ','), number => Assert.InRange(double.Parse(number, CultureInfo.InvariantCulture), 0, 960)));
        Assert.Contains("prefers-color-scheme: dark", svg.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(svg.DescendantsAndSelf().Attributes(), attribute => attribute.Name.LocalName is "href" or "src" || attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_of_one_owner_are_asked_by_so_many_clients_and_what_was_expected_in_vain_is_said()
    {
        var run = await CliRun.OfAsync(home, ["load", "--data", "load", .. Connect, "--keys", "2", "--clients", "2", "--duration", "1s", "--ramp", "0s", "--expect", "errors=0,rate>=1000000", "--json"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("yes", run.Json("errors=0"));
        Assert.Equal("NO", run.Json("rate>=1000000"));
        Assert.Equal("2 keys of one owner", run.Json("signing"));
        Assert.Equal("0", run.Json("errors"));
    }

    [Theory]
    [InlineData("--clients", "2", "--rate", "5")]
    [InlineData("--expect", "p99<50", "--rate", "5")]
    [InlineData("--rate", "0")]
    public async Task What_cannot_be_is_refused_before_anything_starts(params string[] arguments)
    {
        (await CliRun.OfAsync(home, ["load", "--data", "load", .. Connect, .. arguments])).FailsWith("bad_request");
        Assert.False(Directory.Exists(Path.Combine(home, "load")));
    }
}
