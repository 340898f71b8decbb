using System.Collections;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Telemetry;

/// <summary>GET /metrics as a scraper sees it.</summary>
public class MetricsTests
{
    private const string Token = "an operator's token for tests";
    private static readonly Hashtable Operated = new() { ["KEYMELD__OPERATOR__TOKEN_SHA256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token))) };

    [Fact]
    public async Task A_scrape_is_exactly_in_the_text_format_and_says_what_happened()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 2, overrides: Operated);
        var group = await TestGroup.FormAsync(gateway, members: 2);
        await new TestSigning(group).SignAsync();

        // The server counts a request when it is through with it, which is a moment after the answer was read.
        var scrape = Exposition.Parse(await ScrapeAsync(gateway));
        await Eventually.TrueAsync(async () => Requested(scrape = Exposition.Parse(await ScrapeAsync(gateway))) > 0);

        Assert.Equal(1, Requested(scrape));
        Assert.Equal(1, scrape.Sum("keymeld_signings_total", ("state", "completed"), ("code", "none")));
        Assert.Equal(1, scrape.Sum("keymeld_signing_duration_seconds_count", ("state", "completed")));
        Assert.Equal(1, scrape.Sum("keymeld_signing_step_duration_seconds_count", ("step", "round2")));
        Assert.Equal(2, scrape.Sum("keymeld_enclave_state", ("state", "ready")));
        Assert.Equal(2, scrape.Sum("keymeld_enclave_call_duration_seconds_count", ("call", "open"), ("result", "ok")));
        Assert.Equal(1, scrape.Sum("keymeld_build_info", ("version", Build.Version), ("mode", "development")));
        Assert.True(scrape.Sum("dotnet_process_memory_working_set_bytes") > 1_000_000);
        Assert.All(scrape.Samples, sample => Assert.Contains(scrape.FamilyOf(sample), scrape.Types.Keys));
    }

    [Fact]
    public async Task Every_histogram_of_a_scrape_adds_up()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 2, overrides: Operated);
        var group = await TestGroup.FormAsync(gateway, members: 2);
        await new TestSigning(group).SignAsync();
        var scrape = Exposition.Parse(await ScrapeAsync(gateway));

        var buckets = scrape.Samples.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal))
            .GroupBy(sample => (Family: scrape.FamilyOf(sample), Series: string.Join(',', sample.Labels.Where(label => label.Key != "le").OrderBy(label => label.Key).Select(label => $"{label.Key}={label.Value}"))))
            .ToList();
        Assert.NotEmpty(buckets);
        foreach (var series in buckets)
        {
            var counts = series.Select(sample => sample.Value).ToList();
            Assert.Equal(counts.Order(), counts);
            Assert.Equal("+Inf", series.Last().Labels["le"]);
            var count = scrape.Samples.Single(sample => sample.Name == series.Key.Family + "_count" && series.First().Labels.All(label => label.Key == "le" || sample.Labels.GetValueOrDefault(label.Key) == label.Value));
            Assert.Equal(count.Value, counts[^1]);
        }
    }

    [Fact]
    public async Task What_strangers_send_makes_no_series()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: Operated);
        foreach (var path in new[] { "/a", "/api/v1/nothing", "/api/v1/signing/zz", $"/api/v1/signing/{new string('a', 64)}", "/api/v1/enclaves/99/identity?nonce=1", "/%2e" })
        {
            await gateway.SendAsync(new HttpMethod("MADEUP"), path, [], null, null);
            await gateway.GetAsync(path);
        }

        var scrape = Exposition.Parse(await ScrapeAsync(gateway));

        var routes = scrape.Samples.Where(sample => sample.Labels.ContainsKey("http_route")).Select(sample => sample.Labels["http_route"]).Distinct();
        Assert.All(routes, route => Assert.Contains(route, (string[])["", "/", "/api/v1/signing/{request}", "/api/v1/enclaves/{id}/identity"]));
        Assert.All(scrape.Samples.Where(sample => sample.Labels.ContainsKey("http_request_method")), sample => Assert.Contains(sample.Labels["http_request_method"], (string[])["GET", "_OTHER"]));
        Assert.All(scrape.Samples, sample => Assert.DoesNotContain(sample.Labels, label => label.Value.Contains("aaaa", StringComparison.Ordinal) || label.Value.Contains("127.0.0.1", StringComparison.Ordinal) || label.Value.Contains("MADEUP", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Metrics_are_for_operators()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: Operated);

        (await gateway.SendAsync(HttpMethod.Get, "/metrics", [], null, null, "Bearer somebody else's")).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);

        Assert.Contains("keymeld_enclave_state", await ScrapeAsync(gateway), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_gateways_in_one_process_show_each_its_own()
    {
        await using var one = await TestGateway.StartAsync(enclaves: 1, overrides: Operated);
        await using var other = await TestGateway.StartAsync(enclaves: 3, overrides: Operated);

        Assert.Equal(1, Exposition.Parse(await ScrapeAsync(one)).Sum("keymeld_enclave_state", ("state", "ready")));
        Assert.Equal(3, Exposition.Parse(await ScrapeAsync(other)).Sum("keymeld_enclave_state", ("state", "ready")));
    }

    private static double Requested(Exposition scrape) => scrape.Sum("http_server_request_duration_seconds_count", ("http_route", "/api/v1/signing"), ("http_response_status_code", "201"));

    private static async Task<string> ScrapeAsync(TestGateway gateway)
    {
        var answer = await gateway.SendAsync(HttpMethod.Get, "/metrics", [], null, null, "Bearer " + Token);
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (answer.Status, answer.MediaType));
        return Encoding.UTF8.GetString(answer.Body);
    }
}
